using System.CommandLine;
using Lab.Application;
using Lab.Application.Settings;
using Lab.Results;
using Lab.Settings;

namespace Lab.Cli.Report;

/// <summary><c>lab report</c>: writes the figures and the page of a run, a comparison, a history or a histogram log again, prints
/// its tables, and exports them.</summary>
internal static class ReportCommand
{
    public static Command Build(LabConsole console)
    {
        Argument<string> what = new("what") { Description = "a run (id, beginning of an id, path, or latest), a comparison (id, "
            + "path), a history (.csv) or a histogram log (.hlog)", Arity = ArgumentArity.ZeroOrOne };
        Option<string> folder = new("--out")
            { Description = "folder of the run folders", DefaultValueFactory = _ => Path.Combine("results", "runs") };
        Option<string> format =
            new("--format") { Description = "standard output: table, json, csv or markdown", DefaultValueFactory = _ => "table" };
        Option<string> export = new("--export")
        {
            Description = "file to write as well: .csv, .json, .md, .html, .hlog for the histograms of a run, or .png for its "
                + "figures, FILE.NAME.png each, of twice their pixels",
        };
        Option<bool> dark = new("--dark") { Description = "pictures of --export FILE.png for a dark background" };
        Command command = new("report", "figures and page of a run, a comparison, a history, a histogram log");
        command.Arguments.Add(what);
        command.Options.Add(folder);
        command.Options.Add(format);
        command.Options.Add(export);
        command.Options.Add(dark);
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            OutputFormat form = Names.Find("--format value", parsed.GetValue(format)!, Enum.GetValues<OutputFormat>(),
                value => value.ToString().ToLowerInvariant());
            ReportExport? file = parsed.GetValue(export) is { } path ? new ReportExport(path, parsed.GetValue(dark))
                : parsed.GetValue(dark) ? throw new UsageException("--dark is for pictures: --export FILE.png --dark.") : null;
            ReportSubject subject =
                ReportSubject.Find(parsed.GetValue(what) ?? RunStore.Latest, parsed.GetValue(folder)!, console);
            string report = subject.WriteReport();
            subject.Print(form, console);
            file?.Write(subject, console);
            console.Error.WriteLine($"report: {report}");
            return ExitCode.Fine;
        }));
        return command;
    }
}
