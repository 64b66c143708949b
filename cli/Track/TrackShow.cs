using System.CommandLine;
using Lab.Application;
using Lab.Application.Settings;
using Lab.Cli.Options;
using Lab.Plots;
using Lab.Report.Documents;
using Lab.Report.Histories;
using Lab.Results;
using Lab.Results.Tracking;
using Lab.Settings;
using Lab.Store;

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
        Option<string> from = SettingOptions.Text("--from", "a store of many machines instead of a history's file", "");
        Option<string> sql = SettingOptions.Text(
            "--sql", $"with --from: one statement over its rows, which are '{HistoryStore.View}'", "");
        Command command = new("show", "series and their changes");
        foreach (Option option in (Option[])
            [options.History, series, options.Machine, options.Subject, format, figure, html, from, sql])
        {
            command.Options.Add(option);
        }
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            TrackFormat form =
                TrackOptions.Format(parsed, format, TrackFormat.Table, TrackFormat.Csv, TrackFormat.Json, TrackFormat.Markdown);
            string store = parsed.GetValue(from)!, machine = parsed.GetValue(options.Machine)!;
            HistoryStore kept = new(store);
            if (parsed.GetResult(sql) is { Implicit: false })
            {
                if (store.Length == 0) throw new UsageException("--sql asks a store; name its folder with --from.");
                Answer(kept, parsed.GetValue(sql)!, form, console);
                return ExitCode.Fine;
            }
            TrackedHistory history = store.Length > 0
                ? TrackedHistory.Of(store, ReadAll(kept, console), machine, mayBeOthers: true, options.SubjectOf(parsed))
                : TrackedHistory.Read(options.HistoryFile(parsed), machine, mayBeOthers: true, options.SubjectOf(parsed));
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

    private static History ReadAll(HistoryStore store, LabConsole console)
    {
        History history = store.Read();
        foreach (string note in store.Notes) console.Error.WriteLine($"note: {note}.");
        return history;
    }

    private static void Answer(HistoryStore store, string statement, TrackFormat form, LabConsole console)
    {
        try
        {
            Print(store.Query(statement), form, console);
        }
        catch (StatementRefusedException refused)
        {
            throw new UsageException($"--sql {refused.Message}.");
        }
        foreach (string note in store.Notes) console.Error.WriteLine($"note: {note}.");
    }

    private static void Print(
        (IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string?>> Rows) answer, TrackFormat form, LabConsole console)
    {
        if (form == TrackFormat.Json) throw new UsageException("--format json is of series; --sql has table, csv and markdown.");
        new Output(() => new Document("lab track")
        {
            // A table without rows is not written, and a header says what was asked for.
            Parts = answer.Rows.Count == 0 ? [new Prose(string.Join("  ", answer.Columns))]
                : [new Table([.. answer.Columns.Select(column => (Column)column)],
                    [.. answer.Rows.Select(row => (IReadOnlyList<Cell>)[.. row.Select(cell => (Cell)(cell ?? "–"))])])],
        }, csv =>
        {
            csv.WriteLine(string.Join(',', answer.Columns.Select(CsvText.Cell)));
            foreach (IReadOnlyList<string?> row in answer.Rows)
            {
                csv.WriteLine(string.Join(',', row.Select(cell => CsvText.Cell(cell ?? ""))));
            }
        }, () => "").Print(Enum.Parse<OutputFormat>(form.ToString()), console.Text, console.Out);
    }

    private static Plot Draw(string text, IReadOnlyList<TrackedSeries> series) =>
        series is [var one] ? HistoryFigure.Draw(one) : throw new UsageException(
            $"--figure draws one series, and {(text.Length == 0 ? "without --series there are" : $"'{text}' names")} "
                + $"{series.Count}: {SeriesText.List(series)}.");
}
