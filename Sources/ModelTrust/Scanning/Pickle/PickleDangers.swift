/// What is known to run code, so that a scan can say "unsafe" rather than "not proven".
///
/// This is no gate: what is on no list is refused all the same. It only makes the words right.
enum PickleDangers {
    /// Whether holding the name is enough to do harm: whoever uses the unpickled object may call it.
    static func isDangerous(module: String, name: String) -> Bool {
        if module == "builtins" { return builtins.contains(name) || name.contains(".") || name.hasPrefix("_") }
        let path = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if modules.contains(String(module.prefix { $0 != "." })) || path.contains(where: modules.contains) {
            return true
        }
        // `OrderedDict.__init__.__globals__`: from any class to everything.
        return path.contains { $0.hasPrefix("__") && (path.count > 1 || $0.hasSuffix("__")) }
    }

    /// Whether calling the name is known to be more than making an object of a class that somebody wrote for a model.
    static func runsCode(module: String, name: String) -> Bool {
        if isInStandardLibrary(module) { return true }
        guard let package = module.split(separator: ".").first, packages.contains(String(package)) else { return false }
        guard let last = name.split(separator: ".").last, let letter = last.first(where: { $0 != "_" }) else {
            return true
        }
        // SciPy's sparse matrices are classes under names of functions.
        if module.hasPrefix("scipy.sparse."), sparse.contains(name) { return false }
        // Classes begin with a capital letter; a method of one is as good as a function.
        return name.contains(".") || !letter.isUppercase
    }

    private static let sparse = Set(
        ["csr", "csc", "coo", "bsr", "dia", "dok", "lil"].flatMap { [$0 + "_matrix", $0 + "_array"] }
    )

    /// Whether a module is Python's own.
    static func isInStandardLibrary(_ module: String) -> Bool {
        guard let package = module.split(separator: ".").first else { return true }
        return standardLibrary.contains(String(package))
    }

    /// Whether to import a module is enough to have something done: Python's own of which some do, and a package's
    /// `__main__`, which runs the package as a program.
    static func actsWhenImported(_ module: String) -> Bool {
        isInStandardLibrary(module) || module.split(separator: ".").contains("__main__")
    }

    /// Whether a module is Python's own, or known to be there on many machines.
    static func isInstalled(_ module: String) -> Bool {
        let package = String(module.prefix { $0 != "." })
        return isInStandardLibrary(module) || modules.contains(package) || packages.contains(package)
    }

    private static let builtins: Set = [
        "eval", "exec", "execfile", "compile", "open", "file", "getattr", "setattr", "delattr", "globals", "locals",
        "vars", "input", "breakpoint", "apply", "reload", "map", "filter", "type", "super", "classmethod", "property",
        "memoryview", "exit", "quit", "help",
    ]

    /// Modules that exist to run code, reach files or the network, or change the interpreter.
    private static let modules: Set = Set(
        """
        os posix nt subprocess sys importlib runpy pty ctypes _ctypes socket _socket shutil code codeop pickle _pickle
        cPickle dill cloudpickle marshal imp pip ensurepip venv webbrowser commands popen2 pdb bdb cProfile profile
        trace timeit doctest multiprocessing _posixsubprocess pydoc inspect gc atexit signal threading _thread thread
        site distutils setuptools _distutils_hack pkg_resources builtins __builtin__ __main__ asyncio smtplib ftplib
        poplib imaplib nntplib telnetlib xmlrpc socketserver requests urllib httplib http urllib2 ssl tempfile zipimport aiohttp
        httpx tornado twisted boto3 paramiko fabric invoke pexpect test
        """.split(whereSeparator: \.isWhitespace).map(String.init)
    )

    /// Packages that a machine that loads models is likely to have: their functions are within anybody's reach.
    private static let packages: Set = Set(
        """
        torch torchvision torchaudio torchrec numpy scipy pandas sklearn joblib transformers tensorflow keras jax flax pip
        setuptools pkg_resources distutils _distutils_hack cloudpickle dill requests urllib3 IPython matplotlib PIL
        networkx nltk sympy yaml lightning pytorch_lightning onnx onnxruntime mlflow ray fsspec cffi psutil pexpect
        datasets huggingface_hub accelerate xgboost lightgbm catboost statsmodels spacy gensim
        """.split(whereSeparator: \.isWhitespace).map(String.init)
    )

    /// The modules of CPython 2.7 to 3.13.
    private static let standardLibrary: Set = Set(
        """
        BaseHTTPServer Queue SocketServer StringIO __main__ _abc _aix_support _ast _asyncio _bisect _blake2
        _bootsubprocess _bz2 _codecs _codecs_cn _codecs_hk _codecs_iso2022 _codecs_jp _codecs_kr _codecs_tw
        _collections _collections_abc _colorize _compat_pickle _compression _contextvars _crypt _csv _ctypes _curses
        _curses_panel _datetime _dbm _decimal _elementtree _frozen_importlib _frozen_importlib_external _functools
        _gdbm _hashlib _heapq _imp _interpreters _io _json _locale _lsprof _lzma _markupbase _md5 _msi _multibytecodec
        _multiprocessing _opcode _operator _osx_support _overlapped _pickle _posixshmem _posixsubprocess _py_abc
        _pydecimal _pyio _queue _random _scproxy _sha1 _sha256 _sha3 _sha512 _signal _sitebuiltins _socket _sqlite3
        _sre _ssl _stat _statistics _string _strptime _struct _symtable _thread _threading_local _tkinter _tokenize
        _tracemalloc _typing _uuid _warnings _weakref _weakrefset _winapi _winreg _zoneinfo abc aifc annotationlib
        antigravity anydbm argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect
        builtins bz2 cPickle cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys
        commands compileall concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes curses
        dataclasses datetime dbm decimal difflib dis distutils doctest dumbdbm email encodings ensurepip enum errno
        exceptions execfile faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc genericpath
        getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html http httplib idlelib imaplib imghdr imp
        importlib inspect interpreters io ipaddress itertools json keyword lib2to3 linecache locale logging lzma
        mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt
        ntpath nturl2path numbers opcode operator optparse os ossaudiodev pathlib pdb pickle pickletools pipes pkgutil
        platform plistlib popen2 poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc
        pydoc_data pyexpat queue quopri random re readline reprlib resource rlcompleter runpy sched secrets select
        selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile
        sre_constants sre_parse ssl stat statistics string stringprep struct subprocess sunau symtable sys sysconfig
        syslog tabnanny tarfile telnetlib tempfile termios test textwrap this thread threading time timeit tkFileDialog
        tkinter token tokenize tomllib trace traceback tracemalloc tty turtle turtledemo types typing unicodedata
        unittest urllib urllib2 urlparse uu uuid venv warnings wave weakref webbrowser whichdb winreg winsound wsgiref
        xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo
        """.split(whereSeparator: \.isWhitespace).map(String.init)
    )
}
