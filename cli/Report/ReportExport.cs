using System.Text;
using Lab.Application.Settings;
using Lab.Results;
using Lab.Results.HdrLog;
using Lab.Settings;

namespace Lab.Cli.Report;

/// <summary><c>--export FILE</c>: the same numbers as on standard output, or the page, in a file whose ending says
/// which.</summary>
internal sealed class ReportExport
{
    private const string HdrLog = ".hlog";

    private static readonly (string Ending, OutputFormat? Format)[] Endings =
        [(".csv", OutputFormat.Csv), (".json", OutputFormat.Json), (".md", OutputFormat.Markdown), (".html", null),
            (HdrLog, null)];

    private readonly string _path;
    private readonly OutputFormat? _format;

    /// <exception cref="UsageException">The ending is none that there is.</exception>
    public ReportExport(string path)
    {
        string ending = Path.GetExtension(path).ToLowerInvariant();
        if (path.Length == 0 || Endings.All(one => one.Ending != ending))
        {
            throw new UsageException(
                $"--export '{path}' has no known ending; there are: {string.Join(", ", Endings.Select(one => one.Ending))}.");
        }
        (_path, _format) = (Path.GetFullPath(path), Endings.First(one => one.Ending == ending).Format);
    }

    /// <exception cref="ResultsUnwritableException">An older file of that name is still whole.</exception>
    /// <exception cref="UsageException">It has no histograms of its own.</exception>
    public void Write(IReportSubject subject, LabConsole console)
    {
        if (Path.GetExtension(_path).Equals(HdrLog, StringComparison.OrdinalIgnoreCase))
        {
            HdrLogFile log = subject.Log() ?? throw new UsageException(
                $"--export '{_path}' needs histograms, which only runs have: report one of the runs.");
            StagedFiles.WriteOne(_path, log.Write);
            console.Error.WriteLine($"export: {_path}");
            return;
        }
        using StringWriter text = new();
        if (_format is { } format)
        {
            subject.Print(format, new LabConsole(text, TextWriter.Null, isOutTerminal: false, isErrorTerminal: false));
        }
        else text.Write(subject.Page());
        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        StagedFiles.WriteOne(_path, to => to.Write(bytes));
        console.Error.WriteLine($"export: {_path}");
    }
}
