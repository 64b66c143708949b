using System.Text;
using Lab.Application.Settings;
using Lab.Plots;
using Lab.Report.Documents;
using Lab.Results;
using Lab.Results.HdrLog;
using Lab.Settings;

namespace Lab.Cli.Report;

/// <summary><c>--export FILE</c>: the same numbers as on standard output, the page, or the figures as pictures, in a file whose
/// ending says which.</summary>
internal sealed class ReportExport
{
    private const string HdrLog = ".hlog", Picture = ".png";

    private static readonly (string Ending, OutputFormat? Format)[] Endings =
        [(".csv", OutputFormat.Csv), (".json", OutputFormat.Json), (".md", OutputFormat.Markdown), (".html", null),
            (HdrLog, null), (Picture, null)];

    private readonly string _path;
    private readonly OutputFormat? _format;
    private readonly bool _isDark;

    /// <exception cref="UsageException">The ending is none that there is, or none that can be dark.</exception>
    public ReportExport(string path, bool isDark)
    {
        string ending = Path.GetExtension(path).ToLowerInvariant();
        if (path.Length == 0 || Endings.All(one => one.Ending != ending))
        {
            throw new UsageException(
                $"--export '{path}' has no known ending; there are: {string.Join(", ", Endings.Select(one => one.Ending))}.");
        }
        if (isDark && ending != Picture) throw new UsageException($"--dark is for pictures: --export FILE{Picture} --dark.");
        (_isDark, _path, _format) = (isDark, Path.GetFullPath(path), Endings.First(one => one.Ending == ending).Format);
    }

    /// <exception cref="ResultsUnwritableException">An older file of that name is still whole.</exception>
    /// <exception cref="UsageException">It has no histograms of its own.</exception>
    public void Write(ReportSubject subject, LabConsole console)
    {
        if (Path.GetExtension(_path).Equals(HdrLog, StringComparison.OrdinalIgnoreCase))
        {
            HdrLogFile log = subject.Log() ?? throw new UsageException(
                $"--export '{_path}' needs histograms, which only runs have: report one of the runs.");
            StagedFiles.WriteOne(_path, log.Write);
            console.Error.WriteLine($"export: {_path}");
            return;
        }
        if (Path.GetExtension(_path).Equals(Picture, StringComparison.OrdinalIgnoreCase))
        {
            foreach ((string name, Plot plot) in subject.Figures())
            {
                string file = Path.ChangeExtension(_path, $"{name}{Picture}");
                if (plot.SavePng(file, _isDark)) console.Error.WriteLine($"export: {file}");
            }
            return;
        }
        using StringWriter text = new();
        if (_format is { } format)
        {
            subject.Print(format, new LabConsole(text, TextWriter.Null, isOutTerminal: false, isErrorTerminal: false));
        }
        else text.Write(HtmlPage.Render(subject.Page()));
        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        StagedFiles.WriteOne(_path, to => to.Write(bytes));
        console.Error.WriteLine($"export: {_path}");
    }
}
