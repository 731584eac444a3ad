/// The one script, by which new rows and numbers come by themselves.
///
/// Without it every page is whole, as it was when it was asked for.
/// It puts texts into cells, and never makes markup of anything (the page's policy has no Trusted Types for it).
package enum Script {
    /// The text that is sent.
    package static let text = """
        "use strict";
        (() => {
          const rows = document.getElementById("live"), button = document.getElementById("pause"), say = document.getElementById("live-say");
          if (!rows || !window.EventSource) return;
          const columns = ["Time", "Caller", "Called", "Asked", "Decision", "Grounds"];
          let source, paused = false;
          const add = (row) => {
            const line = document.createElement("tr");
            line.className = "new";
            row.c.forEach((text, index) => {
              const cell = document.createElement("td");
              cell.dataset.c = columns[index];
              let place = cell;
              if (index === 0) {
                place = document.createElement("a");
                place.href = "/records/" + encodeURIComponent(row.i);
                cell.append(place);
              } else if (index === 4) {
                place = document.createElement("span");
                place.className = text === "allow" ? "tag ok" : "tag bad";
                cell.append(place);
              } else if (index === 5 && row.g) {
                place = document.createElement("span");
                cell.append(place);
              }
              place.append(text);
              line.append(cell);
            });
            const empty = rows.querySelector(".empty");
            if (empty) empty.closest("tr").remove();
            rows.prepend(line);
            while (rows.children.length > 20) rows.lastElementChild.remove();
          };
          const begin = () => {
            source = new EventSource("/live?after=" + encodeURIComponent(rows.dataset.after || ""));
            source.onopen = () => { say.textContent = "live"; };
            source.onerror = () => { say.textContent = source.readyState === 2 ? "not live: reload the page" : "connecting again"; };
            source.addEventListener("row", (event) => { rows.dataset.after = event.lastEventId; add(JSON.parse(event.data)); });
            source.addEventListener("numbers", (event) => {
              const numbers = JSON.parse(event.data);
              for (const name in numbers) {
                const place = document.getElementById("n-" + name);
                if (place && place.textContent !== numbers[name]) place.textContent = numbers[name];
              }
            });
            source.addEventListener("end", () => { source.close(); say.textContent = "not live: reload the page"; });
          };
          button.hidden = false;
          button.addEventListener("click", () => {
            paused = !paused;
            button.textContent = paused ? "Go on" : "Pause";
            if (paused) { source.close(); say.textContent = "paused"; } else begin();
          });
          begin();
          addEventListener("pagehide", () => source.close());
        })();
        """
}
