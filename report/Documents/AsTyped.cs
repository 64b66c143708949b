using System.Text.RegularExpressions;

namespace Lab.Report.Documents;

/// <summary>Commands as whoever reads them has to type them: texts call the program by its name.</summary>
public static partial class AsTyped
{
    public const string Name = "lab";

    /// <param name="command">Begins with the program's name.</param>
    /// <param name="started">What is typed for the name.</param>
    public static string Command(string command, string started) =>
        command.StartsWith($"{Name} ", StringComparison.Ordinal) ? started + command[Name.Length..] : command;

    /// <summary>The text with each command in quotes so.</summary>
    public static string Quoted(string text, string started) =>
        started == Name ? text : QuotedName().Replace(text, _ => $"'{started} ");

    [GeneratedRegex("'lab (?=[a-zA-Z-])")]
    private static partial Regex QuotedName();
}
