using System.Globalization;

namespace Lab.Explorer.Litmus;

/// <summary>Reads a litmus test: name, what words hold at the start, threads, condition.</summary>
internal sealed partial class LitmusParser
{
    private const string Loops = "loops are not supported: write out the turns, or give up with 'if'";

    private readonly List<Token> _tokens;
    private readonly string _name;
    private readonly List<string> _words = [];
    private readonly List<(int Word, Token Value)> _initial = [];
    private readonly List<(int Thread, string Register, Token Value)> _initialRegisters = [];
    private readonly List<LitmusThread> _threads = [];
    private readonly List<LitmusCall> _sites = [];
    private int _at;

    internal LitmusParser(string text)
    {
        (_name, _tokens, _at) = Head(text);
    }

    private Token Next => _tokens[_at];

    /// <summary>The token behind the next one; the end is followed by itself.</summary>
    private Token Following => _tokens[Math.Min(_at + 1, _tokens.Count - 1)];

    internal LitmusTest Read()
    {
        while (!Is("{"))
        {
            if (Next.Kind == TokenKind.End) throw Wrong("what words hold at the start, in braces, is missing: write '{ }'");
            _at++;
        }
        ReadInitial();
        List<int> firstSites = [];
        while (LitmusTokens.IsThreadName(Next.Text))
        {
            firstSites.Add(_sites.Count);
            _threads.Add(ReadThread());
        }
        if (_threads.Count == 0) throw Wrong($"a thread, as 'P0(int *x) {{ … }}', is missing before {Shown(Next)}");
        List<LitmusPlace> observed = [];
        if (TakeIf("locations")) ReadLocations(observed);
        LitmusCondition? filter = TakeIf("filter") ? ReadCondition() : null;
        LitmusQuantifier quantifier = ReadQuantifier();
        LitmusCondition condition = ReadCondition();
        if (Next.Kind != TokenKind.End) throw Wrong($"{Shown(Next)} follows the condition, where the test should end");
        observed.AddRange(condition.Places);
        long[] initial = new long[_words.Count];
        foreach ((int word, Token value) in _initial) initial[word] = ValueOf(value);
        return new LitmusTest
        {
            Name = _name, Words = _words, Initial = initial, Threads = _threads, Quantifier = quantifier, Condition = condition,
            Filter = filter, Sites = _sites, FirstSites = firstSites,
            Observed = [.. observed.Distinct().OrderBy(place => place.Thread < 0 ? int.MaxValue : place.Thread)
                .ThenBy(place => place.Name, StringComparer.Ordinal)],
        };
    }

    private static (string Name, List<Token> Tokens, int At) Head(string text)
    {
        List<Token> tokens = LitmusTokens.Of(text);
        Token first = tokens[0];
        if (first.Text != "C")
        {
            string what = first.Kind == TokenKind.Word ? $"'{first.Text}' at the start says another language"
                : "it does not begin with 'C'";
            throw new LitmusException(first.Line, $"{what}; tests in the kernel's C are supported, whose first line is 'C NAME'");
        }
        string line = text.Split('\n')[first.Line - 1].Trim();
        string name = line[1..].Trim();
        if (name.Length == 0) throw new LitmusException(first.Line, "the test has no name; the first line is 'C NAME'");
        int at = tokens.FindIndex(token => token.Line > first.Line);
        return (name.Split(' ', '\t')[0], tokens, at < 0 ? tokens.Count - 1 : at);
    }

    /// <summary><c>{ x=1; int y; int *p=&amp;x; 0:r1=5; }</c>.</summary>
    private void ReadInitial()
    {
        Take("{");
        while (!TakeIf("}"))
        {
            if (TakeIf(";")) continue;
            if (Next.Kind == TokenKind.Number || (LitmusTokens.IsThreadName(Next.Text) && Following.Text == ":"))
            {
                int thread = ThreadNumber();
                Take(":");
                string register = TakeName("a register");
                Take("=");
                _initialRegisters.Add((thread, register, TakeValue()));
                continue;
            }
            SkipType();
            do
            {
                while (TakeIf("*")) { }
                bool isBracketed = TakeIf("[");
                int word = WordNamed(TakeName("a word"));
                if (isBracketed) Take("]");
                if (Is("[")) throw Wrong("arrays are not supported; use a word each");
                if (!TakeIf("=")) continue;
                bool isCall = TakeIf("ATOMIC_INIT");
                if (isCall) Take("(");
                _initial.Add((word, TakeValue()));
                if (isCall) Take(")");
            }
            while (TakeIf(","));
            if (!Is("}")) Take(";");
        }
    }

    private Token TakeValue()
    {
        if (Is("{")) throw Wrong("braces around an initial value are not supported; give a number or a word's name");
        bool isNegative = TakeIf("-");
        _ = TakeIf("&");
        Token token = Next;
        if (token.Kind is not (TokenKind.Word or TokenKind.Number)) throw Wrong($"a value is missing before {Shown(token)}");
        _at++;
        if (token.Kind == TokenKind.Word) _ = WordNamed(token.Text);
        return isNegative ? token with { Text = "-" + token.Text } : token;
    }

    private long ValueOf(Token token) =>
        token.Kind == TokenKind.Word ? LitmusTest.AddressOf(_words.IndexOf(token.Text)) : NumberOf(token);

    private static long NumberOf(Token token)
    {
        string digits = token.Text.TrimStart('-').TrimEnd('u', 'U', 'l', 'L');
        bool isHex = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (!long.TryParse(isHex ? digits[2..] : digits, isHex ? NumberStyles.HexNumber : NumberStyles.None,
            CultureInfo.InvariantCulture, out long value) || value >= LitmusTest.AddressOf(0))
        {
            throw new LitmusException(token.Line, $"'{token.Text}' is no number that a word holds");
        }
        return token.Text[0] == '-' ? -value : value;
    }

    private int WordNamed(string name)
    {
        int word = _words.IndexOf(name);
        if (word >= 0) return word;
        _words.Add(name);
        return _words.Count - 1;
    }

    private int ThreadNumber()
    {
        Token token = Next;
        string digits = token.Text.TrimStart('P');
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int thread))
        {
            throw Wrong($"a thread's number is missing before {Shown(token)}");
        }
        _at++;
        return thread;
    }

    /// <summary>Types do not matter: words hold numbers or addresses.</summary>
    private bool SkipType()
    {
        int start = _at;
        while (Next.Text is "int" or "unsigned" or "long" or "short" or "char" or "const" or "volatile" or "struct" or "atomic_t"
            or "atomic_long_t" or "spinlock_t" or "intptr_t" or "uintptr_t" or "bool" or "u32" or "u64" or "s64"
            or "raw_spinlock_t" or "atomic_int" or "atomic_uint" or "atomic_long" or "atomic_bool" or "atomic_intptr_t"
            or "atomic_uintptr_t" or "_Atomic")
        {
            if (Next.Text == "struct") throw Wrong("structs are not supported; use a word per member");
            _at++;
        }
        return _at > start;
    }

    private bool Is(string text) => Next.Kind != TokenKind.End && Next.Text == text;

    private bool TakeIf(string text)
    {
        if (!Is(text)) return false;
        _at++;
        return true;
    }

    private void Take(string text)
    {
        if (!TakeIf(text)) throw Wrong($"'{text}' is missing before {Shown(Next)}");
    }

    private string TakeName(string what)
    {
        if (Next.Kind != TokenKind.Word) throw Wrong($"the name of {what} is missing before {Shown(Next)}");
        return _tokens[_at++].Text;
    }

    private LitmusException Wrong(string what) => new(Next.Line, what);

    private static string Shown(Token token) => token.Kind == TokenKind.End ? token.Text : $"'{token.Text}'";
}
