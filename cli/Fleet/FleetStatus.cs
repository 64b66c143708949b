using System.CommandLine;
using Lab.Application;
using Lab.Application.Fleet;
using Lab.Application.Settings;
using Lab.Cli.Options;
using Lab.Report.Fleet;
using Lab.Results;
using Lab.Results.Fleet;
using Lab.Settings;

namespace Lab.Cli.Fleet;

/// <summary><c>lab fleet status</c>: which units are done, running, failed or missing, and how long the rest will take.</summary>
internal static class FleetStatus
{
    public static Command Build(LabConsole console)
    {
        Argument<string> plan = FleetCommand.Plan();
        Option<string> format = SettingOptions.Text("--format", "standard output: table, json, csv or markdown", "table");
        Command command = new("status", "how far a plan is");
        command.Arguments.Add(plan);
        command.Options.Add(format);
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            OutputFormat form = Names.Find("--format value", parsed.GetValue(format)!, Enum.GetValues<OutputFormat>(),
                value => value.ToString().ToLowerInvariant());
            FleetReport.Status(Of(PlanFolder.Open(parsed.GetValue(plan)!))).Print(form, console.Text, console.Out);
            return ExitCode.Fine;
        }));
        return command;
    }

    internal static FleetStatusJson Of(PlanFolder plan)
    {
        List<UnitListing> units = [];
        List<string> problems = [];
        List<double> seconds = [];
        foreach (UnitListing unit in plan.List())
        {
            UnitListing listed = unit;
            try
            {
                if (unit.State == UnitState.Done)
                {
                    seconds.Add(plan.ReadResult(unit.Number).Seconds);
                    if (FleetCommand.Changed(plan, unit.Number) is { } changed) problems.Add(changed);
                }
            }
            catch (RunDamagedException damaged)
            {
                problems.Add(FleetCommand.Told(unit.Number, damaged));
                listed = unit with { State = UnitState.Damaged };
            }
            units.Add(listed);
        }
        return FleetReport.Of(plan, units, seconds, unit => plan.ReadAttempts(unit) is [.., var last] ? last.Problem : null,
            plan.Drained(UnitWorker.UnfitMax), problems);
    }
}
