using System.CommandLine;
using Lab.Application;
using Lab.Application.Catalogue;
using Lab.Application.Exploring;
using Lab.Cli.Options;
using Lab.Explorer;
using Lab.Explorer.Scenarios;
using Lab.Explorer.Seam;
using Lab.Explorer.Strategies;
using Lab.Report.Explorations;
using Lab.Settings;

namespace Lab.Cli.Explore;

/// <summary><c>lab explore</c>: runs strategies, or a classic program, under controlled schedules, and prints the schedule that
/// breaks them, or what was explored without finding one.</summary>
internal sealed class ExploreCommand(ExploreRequest request, LabConsole console)
{
    public static Command Build(LabConsole console)
    {
        SettingOptions options = new(ExplorationSettings.Group.Settings);
        Command command = new("explore", "find the interleaving that breaks a strategy, print it, replay it");
        options.AddTo(command);
        command.SetAction((parsed, cancellation) => Task.FromResult(Verb.Guarded(console, () =>
            new ExploreCommand(ExploreOptions.Read(options.Read(parsed), new LabCatalogue()), console).Execute(cancellation))));
        return command;
    }

    public int Execute(CancellationToken cancellation) =>
        request.Program is { } program ? ExploreProgram(program, cancellation) : ExploreStrategies(cancellation);

    private int ExploreProgram(ProgramRequest program, CancellationToken cancellation)
    {
        ExploreResult result;
        using (ExploreProgressLine progress = new(console.Error, console.IsErrorTerminal, program.Program.Name))
        {
            result = Refused(() => Lab.Explorer.Explore.Check(program.Program.Make(program.Size), program.Settings, progress.Show,
                cancellation));
        }
        if (request.Format == ExploreFormat.Json) ExploreJson.Print(program, result, console.Out);
        else new ExploreReport(request, console.Out).Program(program, result);
        return Exit([(program.Program.Name, result)], cancellation);
    }

    private int ExploreStrategies(CancellationToken cancellation)
    {
        List<Exploration> done = [];
        ExploreReport report = new(request, console.Out);
        foreach (StrategyPlan plan in request.Plans)
        {
            foreach (Scenario scenario in plan.Scenarios)
            {
                if (cancellation.IsCancellationRequested && done.Count > 0) break;
                Exploration one = ExploreOne(plan, scenario, cancellation);
                done.Add(one);
                // What was found is out before the next exploration can fail.
                if (request.Format != ExploreFormat.Json) report.Strategy(one);
                if (plan.StopsAtViolation && one.Result.Verdict == Verdict.Violated) break;
            }
        }
        if (request.Format == ExploreFormat.Json) ExploreJson.Print(done, console.Out);
        else report.End(done);
        return Exit(done.Select(one => ($"{one.Strategy.Name} on {one.Scenario.Name}", one.Result)), cancellation);
    }

    private Exploration ExploreOne(StrategyPlan plan, Scenario scenario, CancellationToken cancellation)
    {
        StrategySettings settings = request.Settings with { Search = plan.Search };
        using ExploreProgressLine progress =
            new(console.Error, console.IsErrorTerminal, $"{plan.Strategy.Name} on {scenario.Name}");
        ExploreResult result = Refused(() => request.Replay is { } replay
            ? StrategyExplorer.Replay(plan.Strategy.Name, plan.Strategy.Design<Explored>(), scenario, replay, cancellation)
            : StrategyExplorer.Explore(plan.Strategy.Name, plan.Strategy.Design<Explored>(), scenario, settings, progress.Show,
                cancellation));
        return new Exploration(plan.Strategy, scenario, settings, request.Replay is not null, result);
    }

    /// <summary>The explorer refuses what cannot be explored, and strings that it cannot replay, with one sentence.</summary>
    private static ExploreResult Refused(Func<ExploreResult> explore)
    {
        try
        {
            return explore();
        }
        catch (Exception error) when (error is FormatException or NotSupportedException
            || error.GetType() == typeof(ArgumentException))
        {
            // .NET appends the parameter's name, which means nothing to the user.
            throw new UsageException(error.Message.Split(" (Parameter ")[0]);
        }
    }

    private int Exit(IEnumerable<(string Subject, ExploreResult Result)> results, CancellationToken cancellation)
    {
        (string Subject, ExploreResult Result)[] all = [.. results];
        (string Subject, ExploreResult Result)[] uncontrollable =
            [.. all.Where(one => one.Result.Verdict == Verdict.Uncontrollable)];
        foreach ((string subject, ExploreResult result) in uncontrollable)
        {
            console.Error.WriteLine($"lab: {subject} cannot be explored: "
                + $"{(result.Failure is { } failure ? failure.Finding.What : result.Bound).ReplaceLineEndings(" ").TrimEnd('.')}.");
        }
        if (all.Any(one => one.Result.Verdict == Verdict.Violated)) return ExitCode.InvariantViolated;
        if (uncontrollable.Length > 0) return ExitCode.Usage;
        return cancellation.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Fine;
    }
}
