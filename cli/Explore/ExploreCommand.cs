using System.CommandLine;
using Lab.Application;
using Lab.Application.Catalogue;
using Lab.Application.Exploring;
using Lab.Cli.Options;
using Lab.Explorer;
using Lab.Explorer.Seam;
using Lab.Explorer.Strategies;
using Lab.Report.Documents;
using Lab.Report.Explorations;
using Lab.Settings;

namespace Lab.Cli.Explore;

/// <summary><c>lab explore</c>: runs strategies, or a classic program, under controlled schedules, and prints the schedule that
/// breaks them, or what was explored without finding one.</summary>
internal sealed class ExploreCommand(ExploreRequest request, LabConsole console)
{
    private readonly MarkdownWriter _markdown = new(console.Out);

    public static Command Build(LabConsole console)
    {
        SettingOptions options = new(ExplorationSettings.Group.Settings);
        Command command = new("explore", "find the interleaving that breaks a strategy, print it, replay it");
        options.AddTo(command);
        command.SetAction(parsed => Verb.Guarded(console, () =>
            new ExploreCommand(ExploreOptions.Read(options.Read(parsed), new LabCatalogue()), console)
                .Execute(console.Signals.Token)));
        return command;
    }

    public int Execute(CancellationToken cancellation)
    {
        console.Signals.Saves("what was explored is being summed up");
        if (request.Litmus is { } litmus) return new LitmusExploration(litmus, request.Format, console, Print).Run(cancellation);
        return request.Program is { } program ? ExploreProgram(program, cancellation) : ExploreStrategies(cancellation);
    }

    private int ExploreProgram(ProgramRequest program, CancellationToken cancellation)
    {
        ExploreResult result;
        using (ExploreProgressLine progress = new(console, program.Program.Name))
        {
            result = Refused(() => Lab.Explorer.Explore.Check(program.Program.Make(program.Size), program.Settings, progress.Show,
                cancellation));
        }
        if (request.Format == ExploreFormat.Json) console.Out.WriteLine(Records.Json(ExploreJson.Of(program, result)));
        else Print(new ExploreReport(request).Program(program, result));
        return Exit([(program.Program.Name, result)], cancellation);
    }

    private int ExploreStrategies(CancellationToken cancellation)
    {
        List<Exploration> done = [];
        ExploreReport report = new(request);
        foreach (StrategyPlan plan in request.Plans)
        {
            if ((cancellation.IsCancellationRequested || console.Loss is not null) && done.Count > 0) break;
            List<Exploration> own = [];
            using CancellationTokenSource unread = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            bool isAlone = plan.Scenarios.Count == 1 && !plan.AddsTso;
            Explore(plan, one =>
            {
                own.Add(one);
                // What was found is out before anything else can fail.
                if (request.Format != ExploreFormat.Json && (isAlone || IsNews(own))) Print(report.Strategy(one));
                // Nobody reads what else would be found.
                if (console.Loss is not null) unread.Cancel();
            }, unread.Token);
            if (request.Format != ExploreFormat.Json && !isAlone) Print(report.Scenarios(own));
            done.AddRange(own);
        }
        if (request.Format == ExploreFormat.Json) console.Out.WriteLine(Records.Json(done.Select(ExploreJson.Of).ToArray()));
        else Print(ExploreReport.End(done));
        return Exit(done.Select(one => ($"{one.Strategy.Name} on {one.Scenario.Name}", one.Result)), cancellation);
    }

    private void Print(Document document)
    {
        if (request.Format == ExploreFormat.Markdown) _markdown.Write(document);
        else console.Text.Write(document);
    }

    /// <summary>A violation is; that a strategy cannot be explored is so only once.</summary>
    private static bool IsNews(List<Exploration> own)
    {
        Verdict verdict = own[^1].Result.Verdict;
        return verdict == Verdict.Violated
            || (verdict == Verdict.Uncontrollable && own.Count(one => one.Result.Verdict == verdict) == 1);
    }

    /// <summary>Explores one strategy, and prints nothing but how far it is.</summary>
    public void Explore(StrategyPlan plan, Action<Exploration> done, CancellationToken cancellation)
    {
        StrategySettings settings = request.Settings with { Search = plan.Search };
        using ExploreProgressLine progress = new(console, plan.Strategy.Name);
        if (request.Replay is { } replay)
        {
            ExploreResult result = Refused(() => StrategyExplorer.Replay(
                plan.Strategy.Name, plan.Strategy.Design<Explored>(), plan.Scenarios[0], replay, cancellation));
            done(new Exploration(plan.Strategy, plan.Scenarios[0], settings, IsReplay: true, result));
            return;
        }
        StrategyTask[] tasks =
            [.. plan.Scenarios.Select(scenario => new StrategyTask(scenario, settings)
            {
                AddsTso = plan.AddsTso,
                IsLikely = plan.Strategy.Members.Any(member => scenario.Rejects.Contains(member.Name)),
            })];
        Refused(() =>
        {
            StrategyExplorer.ExploreInTurns(plan.Strategy.Name, plan.Strategy.Design<Explored>(), tasks, plan.StopsAtViolation,
                (task, result) =>
                {
                    progress.Clear();
                    done(new Exploration(plan.Strategy, task.Scenario, task.Settings, IsReplay: false, result));
                },
                (task, one) => progress.Show(one, $"{plan.Strategy.Name} on {task.Scenario.Name}"), cancellation);
            return tasks.Length;
        });
    }

    /// <summary>The explorer refuses what cannot be explored, and strings that it cannot replay, with one sentence.</summary>
    public static T Refused<T>(Func<T> explore)
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
        int code = Code([.. all.Select(one => one.Result)]);
        return code is ExitCode.Fine or ExitCode.Inconclusive && cancellation.IsCancellationRequested
            ? ExitCode.Interrupted : code;
    }

    /// <summary>What explorations end with.</summary>
    public static int Code(IReadOnlyList<ExploreResult> results)
    {
        if (results.Any(one => one.Verdict == Verdict.Violated)) return ExitCode.InvariantViolated;
        if (results.Any(one => one.Verdict == Verdict.Uncontrollable)) return ExitCode.Usage;
        return results.Any(one => one.EndedEarly) ? ExitCode.Inconclusive : ExitCode.Fine;
    }
}
