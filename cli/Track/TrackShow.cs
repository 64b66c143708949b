using System.CommandLine;
using Lab.Application;
using Lab.Application.Settings;
using Lab.Cli.Options;
using Lab.Plots;
using Lab.Report.Documents;
using Lab.Report.Histories;
using Lab.Results.Tracking;
using Lab.Settings;

namespace Lab.Cli.Track;

/// <summary><c>lab track show</c>: the series of a history and where their levels change, those with changes first.</summary>
internal static class TrackShow
{
    public static Command Build(LabConsole console)
    {
        TrackOptions options = new();
        Option<string[]> series = new("--series") { Description = "words that name series: strategy, workload, metric, p99, "
            + "settings; may be repeated", AllowMultipleArgumentsPerToken = true };
        Option<string> format = SettingOptions.Text("--format", "standard output: table, csv, json or markdown", "table");
        Option<string> figure = SettingOptions.Text("--figure", "draw the one series that --series names into this SVG file", "");
        Option<string> html = SettingOptions.Text("--html", "write the history as a page of its own into this file", "");
        Command command = new("show", "series and their changes");
        foreach (Option option in (Option[])[options.History, series, options.Machine, options.Subject, format, figure, html])
        {
            command.Options.Add(option);
        }
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            TrackFormat form =
                TrackOptions.Format(parsed, format, TrackFormat.Table, TrackFormat.Csv, TrackFormat.Json, TrackFormat.Markdown);
            TrackedHistory history =
                TrackedHistory.Read(options.HistoryFile(parsed), parsed.GetValue(options.Machine)!, mayBeOthers: true,
                    options.SubjectOf(parsed));
            history.PrintNotes(console.Error);
            string text = string.Join(' ', parsed.GetValue(series) ?? []);
            IReadOnlyList<TrackedSeries> shown = SeriesText.FindSome(text, history.Series);
            string svg = parsed.GetValue(figure)!;
            Plot? drawn = svg.Length > 0 ? Draw(text, shown) : null;
            HistoryReport.Output(history, shown).Print(Enum.Parse<OutputFormat>(form.ToString()), console.Text, console.Out);
            if (drawn is not null)
            {
                drawn.SaveSvg(svg);
                console.Error.WriteLine($"figure: {svg}");
            }
            if (parsed.GetValue(html) is { Length: > 0 } page)
            {
                HtmlPage.Save(HistoryReport.Of(shown, history.Path, history.Notes), page);
                console.Error.WriteLine($"report: {page}");
            }
            return ExitCode.Fine;
        }));
        return command;
    }

    private static Plot Draw(string text, IReadOnlyList<TrackedSeries> series) =>
        series is [var one] ? HistoryFigure.Draw(one) : throw new UsageException(
            $"--figure draws one series, and {(text.Length == 0 ? "without --series there are" : $"'{text}' names")} "
                + $"{series.Count}: {SeriesText.List(series)}.");
}
