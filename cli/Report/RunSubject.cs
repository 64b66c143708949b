using Lab.Application.Settings;
using Lab.Plots;
using Lab.Report.Runs;
using Lab.Results;
using Lab.Results.HdrLog;

namespace Lab.Cli.Report;

/// <summary>A run, to be reported again.</summary>
internal sealed class RunSubject(RunRecord run) : IReportSubject
{
    public string WriteReport()
    {
        _ = Lab.Plots.Figures.WriteAll(run, run.Folder);
        string report = Path.Combine(run.Folder, "report.html");
        HtmlReport.Write(run, report);
        return report;
    }

    public void Print(OutputFormat format, LabConsole console) => RunTables.Print(run, format, console.Out);

    public HdrLogFile? Log() => RunHdrLog.Of(run);

    public IEnumerable<(string Name, Plot Plot)> Figures() =>
        Lab.Plots.Figures.Of(run).Select(figure => (figure.Name, figure.Plot));

    public string Page() => HtmlReport.Render(run);
}
