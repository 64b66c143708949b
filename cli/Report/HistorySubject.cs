using Lab.Application;
using Lab.Application.Settings;
using Lab.Cli.Track;
using Lab.Plots;
using Lab.Report.Histories;
using Lab.Results.HdrLog;

namespace Lab.Cli.Report;

/// <summary>A history, as <c>lab track show</c> has it, with its page beside it.</summary>
internal sealed class HistorySubject : IReportSubject
{
    private readonly TrackedHistory _history;

    /// <exception cref="NotComparableException">It has no row that can be read.</exception>
    public HistorySubject(string path, LabConsole console)
    {
        _history = TrackedHistory.Read(path, machine: "", mayBeOthers: true);
        _history.PrintNotes(console.Error);
    }

    public string WriteReport()
    {
        string report = Path.ChangeExtension(Path.GetFullPath(_history.Path), ".html");
        HistoryReport.Write(_history.Series, _history.Path, _history.Notes, report);
        return report;
    }

    public void Print(OutputFormat format, LabConsole console) => TrackShow.Print(_history, _history.Series, format switch
    {
        OutputFormat.Csv => TrackFormat.Csv,
        OutputFormat.Json => TrackFormat.Json,
        OutputFormat.Markdown => TrackFormat.Markdown,
        _ => TrackFormat.Table,
    }, console);

    public IEnumerable<(string Name, Plot Plot)> Figures() =>
        _history.Series.Select(one => (Lab.Plots.Figure.FileSafe(one.Key.ToString()), HistoryFigure.Draw(one)));

    public string Page() => HistoryReport.Render(_history.Series, _history.Path, _history.Notes);

    public HdrLogFile? Log() => null;
}
