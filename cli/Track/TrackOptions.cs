using System.CommandLine;
using Lab.Cli.Options;
using Lab.Results.Comparisons;
using Lab.Settings;

namespace Lab.Cli.Track;

/// <summary>How a history goes to standard output. Each verb takes some of them.</summary>
internal enum TrackFormat
{
    Table,
    Csv,
    Json,
    Markdown,

    /// <summary>Annotations of a GitHub workflow.</summary>
    Github,
}

/// <summary>What several verbs of <c>lab track</c> ask for.</summary>
internal sealed class TrackOptions
{
    public Option<string> History { get; } = SettingOptions.Text("--history", "the history's file; acknowledged.csv is beside it",
        Path.Combine("history", "history.csv"));

    public Option<string> Machine { get; } =
        SettingOptions.Text("--machine", "machine whose series to use: all, or a fingerprint; by default this one", "");

    public Option<string> Subject { get; } = SettingOptions.Text(
        "--subject", "what varies from point to point: lab, or kernel, whose release then is the point and begins no new series",
        "lab");

    public Option<string> Repository { get; } = SettingOptions.Text("--repo", "git repository of the commits", ".");

    /// <exception cref="UsageException">No such format, or none of this verb's.</exception>
    public static TrackFormat Format(ParseResult parsed, Option<string> option, params TrackFormat[] formats) =>
        Names.Find("--format value", parsed.GetValue(option) ?? "", formats, format => format.ToString().ToLowerInvariant());

    /// <exception cref="UsageException">No such subject.</exception>
    public ComparedSubject SubjectOf(ParseResult parsed) => Names.Choice(
        "--subject", parsed.GetValue(Subject)!, ("lab", ComparedSubject.Strategy),
        (nameof(ComparedSubject.Kernel).ToLowerInvariant(), ComparedSubject.Kernel));

    /// <exception cref="UsageException">An empty name, or a folder's.</exception>
    public string HistoryFile(ParseResult parsed)
    {
        string path = parsed.GetValue(History) ?? "";
        if (path.Length == 0) throw new UsageException(
            "--history is empty; name the history's file, such as history/history.csv.");
        return !Directory.Exists(path) ? path : throw new UsageException(
            $"--history '{path}' is a folder; name the history's file, such as {Path.Combine(path, "history.csv")}.");
    }
}
