using System.Text.RegularExpressions;

namespace Lab.Tests.Layout;

/// <summary>What no analyzer checks: rules over a file's text. Each yields its complaints, one sentence per place.</summary>
internal static partial class Tidy
{
    public const int Width = 130;

    /// <summary>Lines are no wider than an editor's window. What cannot be cut may be: a raw string, an address, a literal that
    /// is most of its line.</summary>
    public static IEnumerable<string> TooWide(string path, string text)
    {
        if (path.EndsWith(".md", StringComparison.Ordinal)) return TooWideProse(path, text);
        string[] lines = text.Split('\n'), code = CodeText.Of(text).Split('\n');
        return Enumerable.Range(0, lines.Length)
            .Where(at =>
                lines[at].Length > Width && !lines[at].Contains("://", StringComparison.Ordinal) && CanBeCut(lines[at], code[at]))
            .Select(at => $"{path}:{at + 1}: {lines[at].Length} columns");
    }

    /// <summary>A comment can, and code; a literal between its words, but not in its holes.</summary>
    private static bool CanBeCut(string line, string code)
    {
        if (line.TrimStart().StartsWith("//", StringComparison.Ordinal)) return true;
        if (!code.Contains("$\"", StringComparison.Ordinal)) return Spaces().Replace(code, "").Length > Width / 2;
        int last = 0, longest = 0;
        for (int at = 1; at < line.Length; at++)
        {
            bool isBetweenWords = line[at] == ' ' && line[at - 1] != ' ' && code[at - 1] == ' ' || at == line.Length - 1;
            if (!isBetweenWords) continue;
            longest = Math.Max(longest, at - last);
            last = at;
        }
        return longest < 50;
    }

    private static IEnumerable<string> TooWideProse(string path, string text)
    {
        bool isBlock = false, isGenerated = false;
        foreach ((int index, string line) in text.Split('\n').Index())
        {
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal)) isBlock = !isBlock;
            if (line.EndsWith(":begin -->", StringComparison.Ordinal)) isGenerated = true;
            if (line.EndsWith(":end -->", StringComparison.Ordinal)) isGenerated = false;
            if (isBlock || isGenerated || line.Length <= Width || line.TrimStart().StartsWith('|') || line.StartsWith('#'))
            {
                continue;
            }
            if (line.Contains("](", StringComparison.Ordinal) || line.Contains("://", StringComparison.Ordinal)
                || line.Contains("<!--", StringComparison.Ordinal))
            {
                continue;
            }
            yield return $"{path}:{index + 1}: {line.Length} columns";
        }
    }

    /// <summary>An embedded statement stands on the line of its <c>if</c>, or in braces; on the next line it hides.</summary>
    public static IEnumerable<string> StatementOnNextLine(string path, string text)
    {
        string code = CodeText.Of(text);
        foreach (Match header in Header().Matches(code))
        {
            int end = header.Index + header.Length;
            if (header.Value[^1] == '(')
            {
                for (int open = 1; open > 0 && end < code.Length; end++) open += code[end] switch { '(' => 1, ')' => -1, _ => 0 };
            }
            if (NextLine().Match(code, end) is { Success: true } next && next.Groups["first"].Value != "{")
            {
                yield return $"{path}:{LineOf(code, end - 1)}: what '{header.Value.Trim(' ', '(', '}')}' governs is on "
                    + "the next line";
            }
        }
    }

    /// <summary>A table has a line of names, a line of dashes, and as many cells in every row.</summary>
    public static IEnumerable<string> BrokenTables(string path, string text)
    {
        string[] lines = text.Split('\n');
        bool isBlock = false;
        int row = 0, cells = 0;
        for (int index = 0; index < lines.Length; index++)
        {
            string line = lines[index].Trim();
            if (line.StartsWith("```", StringComparison.Ordinal)) isBlock = !isBlock;
            if (isBlock || !line.StartsWith('|'))
            {
                if (row == 1) yield return $"{path}:{index}: a table of one line";
                row = 0;
                continue;
            }
            int here = CellEnd().Count(Quoted().Replace(line, "")) - 1;
            if (row == 0) cells = here;
            if (row == 1 && !Dashes().IsMatch(line))
            {
                yield return $"{path}:{index + 1}: a table needs a line of dashes below its names";
            }
            if (here != cells) yield return $"{path}:{index + 1}: {here} cells below {cells} names";
            row++;
        }
    }

    /// <summary>Where pointers are, a sentence says why they are good.</summary>
    public static IEnumerable<string> UnsafeWithoutReason(string path, string text)
    {
        if (Unsafe().IsMatch(CodeText.Of(text)) && !text.Contains("SAFETY: ", StringComparison.Ordinal))
        {
            yield return $"{path}: unsafe code, and no SAFETY comment names the fact that it relies on";
        }
    }

    /// <summary>Types whose name stands nowhere in <paramref name="product"/> but where they are declared.</summary>
    /// <param name="product">Text by path; tests do not keep a type alive.</param>
    /// <param name="kept">Types that something outside of the source tree uses, each with who.</param>
    public static IEnumerable<string> DeadTypes(
        IReadOnlyDictionary<string, string> product, IReadOnlyDictionary<string, string> kept)
    {
        Dictionary<string, int> words = [];
        Dictionary<string, (string Path, int Own)> declared = [];
        HashSet<string> extensions = [];
        foreach ((string path, string text) in product)
        {
            string code = CodeText.Of(text);
            foreach (Match word in Word().Matches(code)) words[word.Value] = words.GetValueOrDefault(word.Value) + 1;
            foreach (Match type in Declaration().Matches(code))
            {
                string name = type.Groups["name"].Value;
                // Its constructors and its finalizer are called as it is, and are no use of it.
                int own = 1 + Regex.Count(code, $@"(?:(?:public|internal|private|protected)\s+|~){name}\s*\(");
                declared[name] = (path, declared.GetValueOrDefault(name).Own + own);
                if (ExtensionMethod().IsMatch(code)) extensions.Add(name);
            }
        }
        return declared.Where(type => !kept.ContainsKey(type.Key) && !extensions.Contains(type.Key))
            .Where(type => words[type.Key] <= type.Value.Own && (!type.Key.EndsWith("Attribute", StringComparison.Ordinal)
                || !words.ContainsKey(AttributeName().Replace(type.Key, ""))))
            .Select(type => $"{type.Value.Path}: nothing in the product names {type.Key}");
    }

    /// <summary>Files whose types no other file of <paramref name="product"/> names: whoever wanted them has gone.</summary>
    /// <param name="product">Text by path; tests do not keep a file alive.</param>
    /// <param name="kept">Types that something outside of the source tree uses, each with who.</param>
    public static IEnumerable<string> DeadFiles(
        IReadOnlyDictionary<string, string> product, IReadOnlyDictionary<string, string> kept)
    {
        Dictionary<string, string> code = product.ToDictionary(file => file.Key, file => CodeText.Of(file.Value));
        Dictionary<string, int> filesWith = [];
        foreach (string word in code.Values.SelectMany(one => Word().Matches(one).Select(word => word.Value).Distinct()))
        {
            filesWith[word] = filesWith.GetValueOrDefault(word) + 1;
        }
        foreach ((string path, string one) in code)
        {
            string[] types = [.. Declaration().Matches(one).Select(type => type.Groups["name"].Value)];
            bool isUsed = types.Length == 0 || ExtensionMethod().IsMatch(one) || types.Any(type => kept.ContainsKey(type)
                || filesWith[type] > 1 || filesWith.ContainsKey(AttributeName().Replace(type, ""))
                    && type.EndsWith("Attribute", StringComparison.Ordinal));
            if (!isUsed) yield return $"{path}: no other file of the product names {types[0]}";
        }
    }

    /// <summary>What a part of a namespace uses of its other parts, beyond what <paramref name="arrows"/> allow it.</summary>
    public static IEnumerable<string> ForbiddenArrows(
        string path, string text, string space, IReadOnlyDictionary<string, string[]> arrows)
    {
        string code = CodeText.Of(text);
        string part = Regex.Match(code, $@"^namespace {Regex.Escape(space)}(?:\.(?<part>\w+))?;",
            RegexOptions.Multiline).Groups["part"].Value;
        if (!arrows.TryGetValue(part, out string[]? allowed))
        {
            yield return $"{path}: {space}.{part} has no place in the layout";
            yield break;
        }
        foreach (Match used in Regex.Matches(code, $@"\b{Regex.Escape(space)}\.(?<part>\w+)"))
        {
            string other = used.Groups["part"].Value;
            if (other != part && arrows.ContainsKey(other) && !allowed.Contains(other))
            {
                yield return $"{path}:{LineOf(code, used.Index)}: {part} uses {other}";
            }
        }
    }

    private static int LineOf(string text, int at) => text.AsSpan(0, Math.Min(at, text.Length)).Count('\n') + 1;

    [GeneratedRegex(
        @"(?<=^[ \t}]*)(?:(?:else )?if|for|(?:await )?foreach|while|lock|(?:await )?using|fixed) \(|(?<=^[ \t}]*)else\b(?! if)",
        RegexOptions.Multiline)]
    private static partial Regex Header();

    [GeneratedRegex(@"\G[ \t]*\r?\n\s*(?<first>\S)")]
    private static partial Regex NextLine();

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex CellEnd();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^\|(?:\s*:?-+:?\s*\|)+$")]
    private static partial Regex Dashes();

    [GeneratedRegex(@"\bunsafe\b")]
    private static partial Regex Unsafe();

    [GeneratedRegex(@"\b[A-Za-z_]\w*")]
    private static partial Regex Word();

    [GeneratedRegex(@"\b(?:class|struct|interface|enum|record(?: struct| class)?)\s+(?<name>[A-Z]\w*)")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"\bstatic\b[^;{=]*\(this\s")]
    private static partial Regex ExtensionMethod();

    [GeneratedRegex("Attribute$")]
    private static partial Regex AttributeName();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
