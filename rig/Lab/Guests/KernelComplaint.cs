using System.Text.RegularExpressions;

namespace Lab.Application.Guests;

/// <summary>What a kernel says when it is not well: a warning, a bug, an oops, a panic, a hung task.</summary>
/// <param name="Headline">The line that says what it is.</param>
/// <param name="Text">That line and those that belong to it.</param>
public sealed partial record KernelComplaint(string Headline, string Text)
{
    private const int LinesMax = 60;

    /// <summary>All in a kernel's messages, oldest first.</summary>
    public static IReadOnlyList<KernelComplaint> In(string messages)
    {
        string[] lines = messages.ReplaceLineEndings("\n").Split('\n');
        List<KernelComplaint> found = [];
        for (int at = 0; at < lines.Length; at++)
        {
            if (!Begins().IsMatch(lines[at])) continue;
            int end = at + 1;
            while (end < lines.Length && end - at < LinesMax && !Ends().IsMatch(lines[end]) && lines[end].Length > 0) end++;
            if (end < lines.Length && Ends().IsMatch(lines[end])) end++;
            found.Add(new KernelComplaint(Bare(lines[at]), string.Join('\n', lines[at..end].Select(Bare))));
            at = end - 1;
        }
        return found;
    }

    /// <summary>Without the time.</summary>
    private static string Bare(string line) => Time().Replace(line, "").TrimEnd();

    [GeneratedRegex(@"^(<\d+>)?\[ *\d+\.\d+\](\[ *[TC]\d+\])? ?")]
    private static partial Regex Time();

    [GeneratedRegex(@"(Kernel panic - not syncing|\bOops\b.*:|BUG: |kernel BUG at|WARNING: |general protection fault|"
        + @"INFO: task .* blocked for more than|INFO: rcu.*detected|unable to handle|Unable to mount root|Internal error: )")]
    private static partial Regex Begins();

    [GeneratedRegex(@"---\[ end (trace|Kernel panic)")]
    private static partial Regex Ends();
}
