// Command tlogverify checks a log or a proof that Lapwing wrote, with the code behind Go's checksum database.
//
//	tlogverify log DIRECTORY VKEY     hashes every entry and compares every tile
//	tlogverify log DIRECTORY VKEY OLDER
//	                                  and proves that it continues the checkpoint in the file OLDER
//	tlogverify proof FILE VKEY        checks a .tlog-proof that carries its entry
//	tlogverify cosigned FILE VKEY     checks the Ed25519 cosignature of a witness on a checkpoint
//
// It prints one line and exits with 0 where all is well, with 4 where the bytes do not verify.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func main() {
	isContinued := len(os.Args) == 5 && os.Args[1] == "log"
	if len(os.Args) != 4 && !isContinued {
		fmt.Fprintln(os.Stderr, "usage: tlogverify log|proof|cosigned PATH VKEY, or log PATH VKEY OLDER")
		os.Exit(2)
	}
	if isContinued {
		older = os.Args[4]
	}
	check := map[string]func(string, string) (string, error){
		"log": checkLog, "proof": checkProof, "cosigned": checkCosigned,
	}[os.Args[1]]
	if check == nil {
		fmt.Fprintln(os.Stderr, "usage: tlogverify log|proof|cosigned PATH VKEY")
		os.Exit(2)
	}
	line, err := check(os.Args[2], os.Args[3])
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(4)
	}
	fmt.Println(line)
}

// older is the file of a checkpoint that the log has to continue; empty where there is none.
var older string

// checkOlder proves that a tree continues the one of the older checkpoint.
func checkOlder(tree tlog.Tree, stored hashes, vkey string) error {
	signed, err := os.ReadFile(older)
	if err != nil {
		return err
	}
	before, err := openCheckpoint(signed, vkey)
	if err != nil {
		return err
	}
	if before.N > tree.N {
		return fmt.Errorf("there were %d entries, and there are %d", before.N, tree.N)
	}
	if before.N == 0 {
		return nil
	}
	proof, err := tlog.ProveTree(tree.N, before.N, stored)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash)
}

// openCheckpoint returns the tree of a signed note.
func openCheckpoint(signed []byte, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("the checkpoint is not of the log %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("the checkpoint has no size")
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// path is where a tile lies: x/mod puts the height in it, C2SP does not.
func path(tile tlog.Tile, kind string) string {
	rest := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/%d/", height, tile.L))
	if kind == "" {
		kind = strconv.Itoa(tile.L)
	}
	return "tile/" + kind + "/" + rest
}

// read returns a tile's file, or the full one's where the partial one is gone.
func read(directory string, tile tlog.Tile, kind string) ([]byte, string, error) {
	name := path(tile, kind)
	data, err := os.ReadFile(filepath.Join(directory, name))
	if os.IsNotExist(err) && tile.W != 1<<height {
		tile.W = 1 << height
		name = path(tile, kind)
		data, err = os.ReadFile(filepath.Join(directory, name))
	}
	return data, name, err
}

// hashes are the stored hashes of a tree, in x/mod's order.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(h)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		list[i] = h[index]
	}
	return list, nil
}

func checkLog(directory, vkey string) (string, error) {
	signed, err := os.ReadFile(filepath.Join(directory, "checkpoint"))
	if err != nil {
		return "", err
	}
	tree, err := openCheckpoint(signed, vkey)
	if err != nil {
		return "", err
	}
	var stored hashes
	for first := int64(0); first < tree.N; first += 1 << height {
		width := tree.N - first
		if width > 1<<height {
			width = 1 << height
		}
		bundle := tlog.Tile{H: height, L: 0, N: first >> height, W: int(width)}
		data, name, err := read(directory, bundle, "entries")
		if err != nil {
			return "", err
		}
		for i := int64(0); i < width; i++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return "", fmt.Errorf("%s ends within entry %d", name, first+i)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			more, err := tlog.StoredHashesForRecordHash(first+i, tlog.RecordHash(data[2:end]), stored)
			if err != nil {
				return "", err
			}
			stored = append(stored, more...)
			data = data[end:]
		}
		if len(data) > 0 && width == 1<<height {
			return "", fmt.Errorf("%s goes on behind its last entry", name)
		}
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return "", err
	}
	if tree.N == 0 {
		// RFC 6962, section 2.1; the package has no root of nothing.
		root = sha256.Sum256(nil)
	}
	if root != tree.Hash {
		return "", fmt.Errorf("the entries have the root %v, the checkpoint states %v", root, tree.Hash)
	}
	if older != "" {
		if err := checkOlder(tree, stored, vkey); err != nil {
			return "", fmt.Errorf("the log does not continue what was signed before: %v", err)
		}
	}
	tiles := allTiles(tree.N)
	for _, tile := range tiles {
		want, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			return "", err
		}
		got, name, err := read(directory, tile, "")
		if err != nil {
			return "", err
		}
		if !bytes.HasPrefix(got, want) || len(got) != len(want) && len(got) != tlog.HashSize<<height {
			return "", fmt.Errorf("%s does not have the hashes of its entries", name)
		}
	}
	return fmt.Sprintf("verified: %d entries, %d tiles, root %v", tree.N, len(tiles), root), nil
}

// allTiles lists the tiles of a tree: the full ones, and for each level the one that is not full.
func allTiles(size int64) []tlog.Tile {
	var tiles []tlog.Tile
	for level := 0; size>>(height*level) > 0; level++ {
		count := size >> (height * level)
		for n := int64(0); n<<height < count; n++ {
			width := count - n<<height
			if width > 1<<height {
				width = 1 << height
			}
			tiles = append(tiles, tlog.Tile{H: height, L: level, N: n, W: int(width)})
		}
	}
	return tiles
}

func checkProof(file, vkey string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	head, signed, found := strings.Cut(string(data), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "extra ") ||
		!strings.HasPrefix(lines[2], "index ") {
		return "", fmt.Errorf("not a proof that carries its entry")
	}
	entry, err := base64.StdEncoding.DecodeString(lines[1][len("extra "):])
	if err != nil {
		return "", err
	}
	index, err := strconv.ParseInt(lines[2][len("index "):], 10, 64)
	if err != nil {
		return "", err
	}
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return "", err
		}
		proof = append(proof, hash)
	}
	tree, err := openCheckpoint([]byte(signed), vkey)
	if err != nil {
		return "", err
	}
	if index >= tree.N {
		return "", fmt.Errorf("the log has no entry %d", index)
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		return "", err
	}
	return fmt.Sprintf("verified: entry %d of %d", index, tree.N), nil
}

// cosigner verifies what a witness signs: a time, and the checkpoint below it.
type cosigner struct {
	name string
	id   uint32
	key  ed25519.PublicKey
	time uint64
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.id }

func (c *cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	c.time = binary.BigEndian.Uint64(signature)
	return ed25519.Verify(c.key, []byte(fmt.Sprintf("cosignature/v1\ntime %d\n%s", c.time, text)), signature[8:])
}

func checkCosigned(file, vkey string) (string, error) {
	signed, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return "", fmt.Errorf("not a verifier key")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		return "", fmt.Errorf("not the key of a witness")
	}
	hash := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	witness := &cosigner{name: parts[0], id: binary.BigEndian.Uint32(hash[:]), key: key[1:]}
	if fmt.Sprintf("%08x", witness.id) != parts[1] {
		return "", fmt.Errorf("the id is not the key's")
	}
	if _, err := note.Open(signed, note.VerifierList(witness)); err != nil {
		return "", err
	}
	return fmt.Sprintf("verified: cosigned at %d", witness.time), nil
}
