using System.Globalization;
using Lab.Application.Exploring;
using Lab.Explorer;
using Lab.Explorer.Candidates;
using Lab.Explorer.Orders;
using Lab.Explorer.Strategies;
using Lab.Report.Documents;
using Lab.Settings;
using Plural = Lab.Results.Plural;

namespace Lab.Report.Explorations;

/// <summary>What was found, on which schedule, and the evidence where nothing was.</summary>
public sealed class ExploreReport(ExploreRequest request)
{
    /// <summary>Claims that the reference expects some sound strategies to break (section 12).</summary>
    private static readonly string[] ClaimsOfInterest = ["I7", "I15", "I33", "I34"];

    private const string Search = "search";

    /// <summary>One strategy on one scenario.</summary>
    public Document Strategy(Exploration one) => Of($"{one.Strategy.Name} on {NameOf(one)}", one.Result, one.IsReplay,
        one.Settings.IsSample,
        [
            .. one.Result.Failure is { } failure ? Schedule(failure, one.IsReplay, ReplayCommand(one, failure)) : (Part[])[],
            .. one.Result.Claims.Select(claim => Item($"claim {claim.Invariant} does not hold: {claim.What}")),
            .. one.IsReplay ? (Part[])[] : Evidence(one.Result, HowOf(one.Settings), one.Settings.PctDepth,
                one.Settings.IsSample),
        ]);

    /// <summary>A strategy on several scenarios: which were tried, and how far each was explored. A schedule that fails has been
    /// told by <see cref="Strategy"/>.</summary>
    public Document Scenarios(IReadOnlyList<Exploration> own)
    {
        Exploration[] begun = [.. own.Where(one => one.Result.WasBegun)];
        string[] notBegun = [.. own.Where(one => !one.Result.WasBegun).Select(NameOf)];
        int unfinished = own.Count(one => one.Result.EndedEarly);
        Exploration? violated = own.FirstOrDefault(one => one.Result.Verdict == Verdict.Violated);
        (Mood mood, string verdict) = violated is not null
            ? (Mood.Bad, $"VIOLATED on {NameOf(violated)}; tried before that was found:")
            : own.Any(one => one.Result.Verdict == Verdict.Uncontrollable) ? (Mood.Bad, "CANNOT BE EXPLORED on every scenario:")
            : unfinished > 0 ? (Mood.Warn,
                $"nothing found so far, INCOMPLETE: {unfinished} of {Plural.Of(own.Count, "exploration")} not finished:")
            : (Mood.Good, $"nothing found in {Plural.Of(own.Count, "exploration")}, each within its bound:");
        List<string> told = [];
        if (notBegun.Length > 0) told.Add($"not begun: {string.Join(", ", notBegun)}");
        if (own.FirstOrDefault(one => one.Result.EndedEarly) is { } end)
        {
            string why = end.Result.Bound[(end.Result.Bound.LastIndexOf(StrategyExplorer.Because, StringComparison.Ordinal)
                + StrategyExplorer.Because.Length)..];
            told.Add($"not finished, because {why}: the part that was explored proves nothing about the rest");
        }
        told.AddRange(own.SelectMany(one => one.Result.Claims.Select(claim => (Claim: claim, Scenario: NameOf(one))))
            .GroupBy(pair => (pair.Claim.Invariant, pair.Claim.What), pair => pair.Scenario).Select(claim =>
                $"claim {claim.Key.Invariant} does not hold: {claim.Key.What} ({string.Join(", ", claim)})"));
        bool withBuffers = own.Any(one => one.Settings.Model == MemoryModel.Tso);
        told.Add($"{HowOf(own[0].Settings)}{(withBuffers ? "; tso where a load may overtake a store" : "")}; "
            + "in order of finishing");
        return new Document("lab explore")
        {
            Mood = mood,
            Answer = [new($"{own[0].Strategy.Name}: {verdict}", mood)],
            Parts = [new Table(["scenario", .. Column.Numbers("executions", "states", "s"), "explored"],
                [.. begun.Select(one => (IReadOnlyList<Cell>)[NameOf(one), Cell.Count(one.Result.Executions),
                    Cell.Count(one.Result.States), Cell.Number(one.Result.Seconds, "0.0"), HowFar(one.Result)])]),
                .. told.Select(Item)],
        };
    }

    /// <summary>A classic program.</summary>
    public Document Program(ProgramRequest program, ExploreResult result)
    {
        bool isReplay = program.Settings.Search == Lab.Explorer.Search.Replay;
        bool isSample = program.Settings.Search != Lab.Explorer.Search.Optimal;
        bool isWeak = program.Settings.Model is not (MemoryModel.Sc or MemoryModel.Tso);
        return Of(string.Create(CultureInfo.InvariantCulture, $"{program.Program.Name} of size {program.Size}"), result, isReplay,
            isSample,
            [
                .. result.Failure is { } failure ? Schedule(failure, isReplay, string.Create(CultureInfo.InvariantCulture,
                    $"lab explore --program {program.Program.Name} --size {program.Size} --replay '{failure.Replay}'"))
                    : (Part[])[],
                .. result.Outcomes.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(outcome => Item(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{outcome.Value,12:N0} × {(outcome.Key.Length == 0 ? "(nothing observed)" : outcome.Key)}"))),
                .. isReplay ? (Part[])[] : isWeak ? Executions(result, program.Settings.Model) : Evidence(result,
                    $"{Word(program.Settings.Search)} {Search}, {Word(program.Settings.Model)}",
                    program.Settings.PctDepth, isSample),
            ]);
    }

    /// <summary>What is said once: which claims hold where, and that the model leaves something out.</summary>
    public static Document End(IReadOnlyList<Exploration> done) => new("lab explore")
    {
        Parts = [.. Claims(done), new Prose($"Not covered by the model: {ModelLimits.All.Count} things, from real time to fair "
            + "locks; 'lab list limits' tells them.", Mood.Soft)],
    };

    /// <summary>A failing schedule: a column per thread that does something, set apart where another thread goes on.</summary>
    public static Table Steps(Failure failure, bool allSteps)
    {
        IReadOnlyList<ScheduleTable.Row> rows = ScheduleTable.Rows(failure, allSteps);
        int[] agents = ScheduleTable.Shown(rows);
        List<IReadOnlyList<Cell>> cells = [];
        foreach ((int index, ScheduleTable.Row row) in rows.Index())
        {
            if (index > 0 && row.Agent != rows[index - 1].Agent) cells.Add([]);
            cells.Add([row.Number.ToString(CultureInfo.InvariantCulture),
                .. ScheduleTable.Cells(row, agents).Select(cell => (Cell)cell),
                row.Location.Replace(".cs:", ":", StringComparison.Ordinal), row.Roots]);
        }
        return new Table(["#", .. agents.Select(one => (Column)failure.Agents[one]), "at", "roots"],
            cells) { IsSortable = false };
    }

    private static Document Of(
        string subject, ExploreResult result, bool isReplay, bool isSample, IReadOnlyList<Part> parts)
    {
        (Mood mood, string verdict) = result switch
        {
            { Verdict: Verdict.Violated, Failure.Finding: var finding } =>
                (Mood.Bad, $"VIOLATED {finding.Invariant} — {finding.Claim.TrimEnd('.')}"),
            { Verdict: Verdict.Violated } => (Mood.Bad, "VIOLATED"),
            { Verdict: Verdict.Uncontrollable } => (Mood.Bad, "CANNOT BE EXPLORED"),
            _ when isReplay => (Mood.Good, "nothing wrong on this schedule"),
            _ when isSample => (Mood.Warn, $"nothing found in a sample ({result.Bound})"),
            { IsComplete: true } => (Mood.Good, $"nothing found (bound: {result.Bound})"),
            _ => (Mood.Warn, $"nothing found so far, INCOMPLETE (bound: {result.Bound})"),
        };
        return new Document("lab explore")
        {
            Mood = mood,
            Answer = [new($"{subject}: {verdict}", mood),
                .. result.Failure is { } failure ? [new Prose($"  {failure.Finding.What}", mood)] : (Prose[])[]],
            Parts = parts,
        };
    }

    private IEnumerable<Part> Schedule(Failure failure, bool isReplay, string replay)
    {
        string preemptions = Plural.Of(failure.Preemptions, "preemption"), steps = Plural.Of(failure.Steps.Count, "step");
        // One recorded schedule proves nothing about others; and of what never came back there are no steps to tell.
        if (failure.Steps.Count > 0)
        {
            yield return Steps(failure, request.AllSteps);
            yield return Item(isReplay ? $"{preemptions}, {steps}" : $"{preemptions} "
                + $"({(failure.HasFewestPreemptions ? "the fewest: no schedule with fewer fails" : "not proved to be the fewest")}), "
                + $"{steps} ({(failure.HasFewestSteps ? "the fewest with so many preemptions" : "not proved to be the fewest")})");
        }
        if (failure.Execution is { } execution)
        {
            yield return Events(execution, failure.Agents);
            foreach (string line in execution.Conclusions()) yield return Item(line);
        }
        if (!request.AllSteps && failure.Steps.Any(step => !step.IsNotable))
        {
            yield return Item("steps that change nothing are left out; --all-steps shows them");
        }
        yield return new Commands("  replay", replay);
    }

    /// <summary>An execution under a weak memory model: a column of events per thread, in program order.</summary>
    private static Table Events(FailingExecution execution, IReadOnlyList<string> threads)
    {
        DrawnEvent[][] columns =
            [.. threads.Select((_, thread) => execution.Drawn.Events.Where(e => e.Thread == thread).ToArray())];
        return new Table([.. threads.Select(name => (Column)name)],
            [.. Enumerable.Range(0, columns.Max(column => column.Length)).Select(row => (IReadOnlyList<Cell>)[.. columns.Select(
                column => (Cell)(row < column.Length ? FailingExecution.Cell(column[row]) : ""))])]) { IsSortable = false };
    }

    private static IEnumerable<Part> Executions(ExploreResult result, MemoryModel model)
    {
        yield return Item(string.Create(CultureInfo.InvariantCulture,
            $"explored: {Plural.Of(result.Executions, "execution")} in {result.Seconds:0.00} s"));
        yield return Item($"{(result.Verdict == Verdict.Violated ? $"bound: {result.Bound}" : result.IsComplete ? "bound reached"
            : "bound not reached")}; model {Word(model)}: {MemoryModels.StoryOf(model)}");
    }

    private static IEnumerable<Part> Evidence(ExploreResult result, string how, int depth, bool isSample)
    {
        string cut = result.Cut > 0 ? string.Create(CultureInfo.InvariantCulture,
            $", {result.Executions:N0} to the end and the others until they joined what had been seen") : "";
        string states = result.States > 0 ? string.Create(CultureInfo.InvariantCulture, $", {result.States:N0} states") : "";
        yield return Item(string.Create(CultureInfo.InvariantCulture,
            $"explored: {Plural.Of(result.Executions + result.Cut, "schedule")}{cut}{states}, {result.Steps:N0} steps in "
                + $"{result.Seconds:0.00} s, {Rate(result):N0} executions/s"));
        yield return Item(result.Verdict == Verdict.Violated ? $"bound: {result.Bound}, stopped at the violation; {how}"
            : $"{(isSample ? "a sample of all" : result.IsComplete ? "bound reached" : "bound not reached")}; {how}");
        if (result.Shape is { } shape)
        {
            yield return Item(string.Create(CultureInfo.InvariantCulture,
                $"on {shape}; {string.Join(", ", result.Reductions.Select(Reduction))}"
                    + $"{(result.Runs is { } runs ? $" ({runs:N0} executions were run)" : "")}"));
        }
        if (result.FindsWithProbability is { } probability)
        {
            yield return Item(string.Create(CultureInfo.InvariantCulture,
                $"a bug of depth {depth} would have been found with a probability of at least {probability:0.####}"));
        }
    }

    /// <summary>Strategies against claims, if any was found not to hold or there is something to compare.</summary>
    private static IEnumerable<Section> Claims(IReadOnlyList<Exploration> done)
    {
        IGrouping<string, Exploration>[] strategies =
            [.. done.Where(one => !one.Strategy.IsBroken && !one.IsReplay).GroupBy(one => one.Strategy.Name)];
        if (strategies.Length == 0 || (strategies.Length < 2 && done.All(one => one.Result.Claims.Count == 0))) yield break;
        string[] claims = [.. ClaimsOfInterest,
            .. done.SelectMany(one => one.Result.Claims).Select(claim => claim.Invariant).Except(ClaimsOfInterest).Distinct()];
        Cell Holds(IGrouping<string, Exploration> strategy, string claim) =>
            strategy.Any(one => one.Result.Claims.Any(found => found.Invariant == claim))
                ? new Cell("broken") { Mood = Mood.Warn }
            : strategy.All(one => one.Result.IsComplete) ? "holds" : "not seen";
        yield return new("Claims, within what was explored", [new Table(["strategy", .. claims.Select(claim => (Column)claim)],
            [.. strategies.Select(one => (IReadOnlyList<Cell>)[one.Key, .. claims.Select(claim => Holds(one, claim))])])]);
    }

    private static Cell HowFar(ExploreResult result) => result switch
    {
        { Verdict: Verdict.Violated, Failure.Finding: var finding } =>
            new Cell($"VIOLATED {finding.Invariant}") { Mood = Mood.Bad },
        { Verdict: Verdict.Uncontrollable } => "cannot be",
        { EndedEarly: true } => new Cell("NOT FINISHED") { Mood = Mood.Warn },
        { IsComplete: true } => result.Bound.Split(" (")[0],
        _ => "a sample",
    };

    private static string NameOf(Exploration one)
    {
        string[] details = [ScenarioChoice.Describe(one.Scenario), one.Settings.Model == MemoryModel.Tso ? "tso" : ""];
        string said = string.Join(", ", details.Where(detail => detail.Length > 0));
        return said.Length == 0 ? one.Scenario.Name : $"{one.Scenario.Name} ({said})";
    }

    private string ReplayCommand(Exploration one, Failure failure)
    {
        IEnumerable<string> files = request.ScenarioFiles.Where(file => ScenarioChoice.NameOf(file) == one.Scenario.Name);
        string needed = string.Concat(request.Plugins.Select(path => $"{ShellText.Of("--plugin", path)} ")
            .Concat(files.Select(file => $"{ShellText.Of("--scenario", file)} ")));
        return $"lab explore {needed}--replay '{failure.Replay.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }

    private static string HowOf(StrategySettings settings)
    {
        string seed = !settings.IsSample ? "" : string.Create(CultureInfo.InvariantCulture, $", seed {settings.Seed}");
        string changes = $"{(settings.GlueFastZap ? ", halves glued" : "")}{(settings.InsertAtTail ? ", tail insertion" : "")}";
        return $"{Word(settings.Search)} {Search}, {Word(settings.Model)}{seed}{changes}, "
            + $"{Plural.Of(settings.Workers, "worker")}";
    }

    private static string Reduction(string name) => name switch
    {
        "shared-words" => "choices at what threads share",
        "sleep-sets" => "independent steps in one order",
        _ => "known steps recalled",
    };

    /// <summary>Executions per second, those that were cut short or recalled included.</summary>
    public static double Rate(ExploreResult result) => result.Seconds > 0 ? (result.Executions + result.Cut) / result.Seconds : 0;

    /// <summary>An enum's member as the user types it. The optimal search of programs is the exhaustive one.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum => value switch
        {
            Lab.Explorer.Search.Optimal => "exhaustive",
            MemoryModel model => MemoryModels.NameOf(model),
            _ => value.ToString().ToLowerInvariant(),
        };

    private static Prose Item(string text) => new($"  {text}");
}
