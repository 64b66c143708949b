using Lab.Report.Documents;
using Lab.Settings;

namespace Lab.Cli;

/// <summary>The words in front of the arguments with which a user started the program, for hints that can be copied.</summary>
internal static class HowStarted
{
    /// <summary>This process, as its user typed it: "dotnet run -c Release --", "./lab", or its name where that is on the
    /// path, and where it cannot be told.</summary>
    public static string OfProcess(IReadOnlyList<string> arguments) =>
        Of(Words("self"), ParentOf("/proc/self/stat") is { } parent ? Words(parent) : [], arguments);

    /// <param name="own">Command line of the process.</param>
    /// <param name="parent">That of the process which started it.</param>
    /// <param name="arguments">What the program was given; the last words of both.</param>
    internal static string Of(IReadOnlyList<string> own, IReadOnlyList<string> parent, IReadOnlyList<string> arguments)
    {
        if (parent is [var dotnet, "run", ..] && Path.GetFileName(dotnet) == "dotnet" && Before(parent, arguments) is { } run)
        {
            return ShellText.Of(run is [.., "--"] ? run : run.Append("--"));
        }
        return Before(own, arguments) is { Count: > 0 } words ? ShellText.Of(words) : AsTyped.Name;
    }

    /// <summary>The words before the arguments; null if those are not the last.</summary>
    private static List<string>? Before(IReadOnlyList<string> words, IReadOnlyList<string> arguments) =>
        words.Count > arguments.Count && words.Skip(words.Count - arguments.Count).SequenceEqual(arguments)
            ? [.. words.Take(words.Count - arguments.Count)] : null;

    private static string[] Words(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").TrimEnd('\0').Split('\0');
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The name in the file is in parentheses and may hold anything.</summary>
    private static string? ParentOf(string stat)
    {
        try
        {
            string text = File.ReadAllText(stat);
            return text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
