using System.Globalization;
using Lab.Application.Exploring;
using Lab.Explorer;
using Lab.Explorer.Strategies;
using Lab.Settings;
using Plural = Lab.Results.Plural;

namespace Lab.Report.Explorations;

/// <summary>Findings and evidence on standard output, as text for eighty columns or as Markdown.</summary>
public sealed class ExploreReport(ExploreRequest request, TextWriter output)
{
    /// <summary>Claims that the reference expects some sound strategies to break (section 12).</summary>
    private static readonly string[] ClaimsOfInterest = ["I7", "I15", "I33", "I34"];

    private const int ScenarioWidth = 33;

    private bool IsMarkdown => request.Format == ExploreFormat.Markdown;

    /// <summary>One strategy on one scenario.</summary>
    public void Strategy(Exploration one)
    {
        Headline($"{one.Strategy.Name} on {NameOf(one)}", one.Result, one.IsReplay, one.Settings.IsSample);
        if (one.Result.Failure is { } failure) Schedule(failure, one.IsReplay, ReplayCommand(one, failure));
        foreach (Finding claim in one.Result.Claims) Item($"claim {claim.Invariant} does not hold: {claim.What}");
        if (!one.IsReplay) Evidence(one.Result, HowOf(one.Settings), one.Settings.PctDepth, one.Settings.IsSample);
        output.WriteLine();
    }

    /// <summary>A strategy on several scenarios: which were tried, and how far each was explored. A schedule that fails has been
    /// printed by <see cref="Strategy"/>.</summary>
    public void Scenarios(IReadOnlyList<Exploration> own)
    {
        Exploration[] begun = [.. own.Where(one => one.Result.WasBegun)];
        string[] notBegun = [.. own.Where(one => !one.Result.WasBegun).Select(NameOf)];
        int unfinished = own.Count(one => one.Result.EndedEarly);
        Exploration? violated = own.FirstOrDefault(one => one.Result.Verdict == Verdict.Violated);
        string verdict = violated is not null ? $"VIOLATED on {NameOf(violated)}; tried before that was found:"
            : own.Any(one => one.Result.Verdict == Verdict.Uncontrollable) ? "CANNOT BE EXPLORED on every scenario:"
            : unfinished > 0
                ? $"nothing found so far, INCOMPLETE: {unfinished} of {Plural.Of(own.Count, "exploration")} not finished:"
            : $"nothing found in {Plural.Of(own.Count, "exploration")}, each within its bound:";
        Paragraph($"{(IsMarkdown ? "### " : "")}{own[0].Strategy.Name}: {verdict}", "");
        if (IsMarkdown) output.WriteLine();
        // A name that is long goes on in a row of its own.
        TextTable table = new("", [.. Column.Texts("scenario"), .. Column.Numbers("executions", "states", "s"),
            .. Column.Texts("explored")], [.. begun.SelectMany(Row)]);
        foreach (string line in IsMarkdown ? table.Markdown() : table.Text()) output.WriteLine(line);
        if (IsMarkdown) output.WriteLine();
        if (notBegun.Length > 0) Item($"not begun: {string.Join(", ", notBegun)}");
        if (own.FirstOrDefault(one => one.Result.EndedEarly) is { } end)
        {
            string why = end.Result.Bound[(end.Result.Bound.LastIndexOf(StrategyExplorer.Because, StringComparison.Ordinal)
                + StrategyExplorer.Because.Length)..];
            Item($"not finished, because {why}: the part that was explored proves nothing about the rest");
        }
        foreach (IGrouping<(string, string), string> claim in own
            .SelectMany(one => one.Result.Claims.Select(claim => (Claim: claim, Scenario: NameOf(one))))
            .GroupBy(pair => (pair.Claim.Invariant, pair.Claim.What), pair => pair.Scenario))
        {
            Item($"claim {claim.Key.Item1} does not hold: {claim.Key.Item2} ({string.Join(", ", claim)})");
        }
        bool withBuffers = own.Any(one => one.Settings.Model == MemoryModel.Tso);
        Item($"{HowOf(own[0].Settings)}{(withBuffers ? "; tso where a load may overtake a store" : "")}; in order of finishing");
        output.WriteLine();

        IEnumerable<string[]> Row(Exploration one)
        {
            string explored = one.Result switch
            {
                { Verdict: Verdict.Violated, Failure.Finding: var finding } => $"VIOLATED {finding.Invariant}",
                { Verdict: Verdict.Uncontrollable } => "cannot be",
                { EndedEarly: true } => "NOT FINISHED",
                { IsComplete: true } => one.Result.Bound.Split(" (")[0],
                _ => "a sample",
            };
            string[] name = IsMarkdown ? [NameOf(one)] : [.. TextGrid.Wrap(NameOf(one), ScenarioWidth)];
            return
            [
                [name[0], Number(one.Result.Executions), Number(one.Result.States),
                    one.Result.Seconds.ToString("0.0", CultureInfo.InvariantCulture), explored],
                .. name.Skip(1).Select(more => (string[])[$"  {more}", "", "", "", ""]),
            ];
        }
    }

    /// <summary>A classic program.</summary>
    public void Program(ProgramRequest program, ExploreResult result)
    {
        Headline(string.Create(CultureInfo.InvariantCulture, $"{program.Program.Name} of size {program.Size}"), result,
            program.Settings.Search == Lab.Explorer.Search.Replay, program.Settings.Search != Lab.Explorer.Search.Optimal);
        if (result.Failure is { } failure)
        {
            Schedule(failure, program.Settings.Search == Lab.Explorer.Search.Replay, string.Create(CultureInfo.InvariantCulture,
                $"lab explore --program {program.Program.Name} --size {program.Size} --model {Word(program.Settings.Model)} "
                    + $"--replay '{failure.Replay}'"));
        }
        foreach ((string outcome, long count) in result.Outcomes.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Item(string.Create(CultureInfo.InvariantCulture,
                $"{count,12:N0} × {(outcome.Length == 0 ? "(nothing observed)" : outcome)}"));
        }
        if (program.Settings.Search == Lab.Explorer.Search.Replay) return;
        Evidence(result, string.Create(CultureInfo.InvariantCulture,
                $"{Word(program.Settings.Search)} search, {Word(program.Settings.Model)}"), program.Settings.PctDepth,
            program.Settings.Search != Lab.Explorer.Search.Optimal);
    }

    /// <summary>What is said once: which claims hold where, and what the model leaves out.</summary>
    public void End(IReadOnlyList<Exploration> done)
    {
        Claims(done);
        output.WriteLine(IsMarkdown ? "**Not covered by the model:**" : "Not covered by the model:");
        if (IsMarkdown) output.WriteLine();
        foreach (string limit in ModelLimits.All) Item(limit);
    }

    private static string NameOf(Exploration one)
    {
        string[] details = [ScenarioChoice.Describe(one.Scenario), one.Settings.Model == MemoryModel.Tso ? "tso" : ""];
        string said = string.Join(", ", details.Where(detail => detail.Length > 0));
        return said.Length == 0 ? one.Scenario.Name : $"{one.Scenario.Name} ({said})";
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private void Headline(string subject, ExploreResult result, bool isReplay, bool isSample)
    {
        string verdict = result switch
        {
            { Verdict: Verdict.Violated, Failure.Finding: var finding } =>
                $"VIOLATED {finding.Invariant} — {finding.Claim.TrimEnd('.')}",
            { Verdict: Verdict.Violated } => "VIOLATED",
            { Verdict: Verdict.Uncontrollable } => "CANNOT BE EXPLORED",
            _ when isReplay => "nothing wrong on this schedule",
            _ when isSample => $"nothing found in a sample ({result.Bound})",
            { IsComplete: true } => $"nothing found (bound: {result.Bound})",
            _ => $"nothing found so far, INCOMPLETE (bound: {result.Bound})",
        };
        Paragraph(IsMarkdown ? $"### {subject}: {verdict}" : $"{subject}: {verdict}", "");
        if (result.Failure is { } failure) Paragraph(failure.Finding.What, IsMarkdown ? "" : "  ");
        if (IsMarkdown) output.WriteLine();
    }

    private void Schedule(Failure failure, bool isReplay, string replay)
    {
        if (!IsMarkdown) output.WriteLine();
        if (failure.Steps.Count > 0)
        {
            foreach (string line in IsMarkdown ? Markdown(failure, request.AllSteps)
                : ScheduleTable.Text(failure, request.AllSteps))
            {
                output.WriteLine(line);
            }
        }
        output.WriteLine();
        string preemptions = Plural.Of(failure.Preemptions, "preemption"), steps = Plural.Of(failure.Steps.Count, "step");
        // One recorded schedule proves nothing about others; and of what never came back there are no steps to tell.
        if (failure.Steps.Count > 0)
        {
            Item(isReplay ? $"{preemptions}, {steps}" : string.Create(CultureInfo.InvariantCulture,
                $"{preemptions} "
                    + $"({(failure.HasFewestPreemptions ? "the fewest: no schedule with fewer fails" : "not proved to be the fewest")}), "
                    + $"{steps} "
                    + $"({(failure.HasFewestSteps ? "the fewest with so many preemptions" : "not proved to be the fewest")})"));
        }
        if (!request.AllSteps && failure.Steps.Any(step => !step.IsNotable))
        {
            Item("steps that change nothing are left out; --all-steps shows them");
        }
        // In one piece whatever its length: it is there to be copied.
        output.WriteLine(IsMarkdown ? $"- replay: `{replay}`" : $"  replay: {replay}");
    }

    /// <summary>A failing schedule as a table that a page shows.</summary>
    public static IEnumerable<string> Markdown(Failure failure, bool allSteps)
    {
        IReadOnlyList<ScheduleTable.Row> rows = ScheduleTable.Rows(failure, allSteps);
        int[] agents = ScheduleTable.Shown(rows);
        return new TextTable("",
            [.. Column.Numbers("#"), .. Column.Texts([.. agents.Select(one => failure.Agents[one]), "at", "roots"])],
            [.. rows.Select(row => (string[])[row.Number.ToString(CultureInfo.InvariantCulture),
                .. ScheduleTable.Cells(row, agents), row.Location, row.Roots])]).Markdown();
    }

    private void Evidence(ExploreResult result, string how, int depth, bool isSample)
    {
        string cut = result.Cut > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({result.Cut:N0} cut short)") : "";
        string states = result.States > 0 ? string.Create(CultureInfo.InvariantCulture, $", {result.States:N0} states") : "";
        Item(string.Create(CultureInfo.InvariantCulture,
            $"explored: {Plural.Of(result.Executions, "execution")}{cut}{states}, {result.Steps:N0} steps in "
                + $"{result.Seconds:0.00} s, {Rate(result):N0} executions/s"));
        string reached = result.Verdict == Verdict.Violated ? ", stopped at the violation" : isSample ? ", a sample of all"
            : result.IsComplete ? ", reached" : ", not reached";
        Item($"bound: {result.Bound}{reached}; {how}");
        if (result.FindsWithProbability is { } probability)
        {
            Item(string.Create(CultureInfo.InvariantCulture,
                $"a bug of depth {depth} would have been found with a probability of at least {probability:0.####}"));
        }
    }

    /// <summary>Strategies against claims, if any was found not to hold or there is something to compare.</summary>
    private void Claims(IReadOnlyList<Exploration> done)
    {
        IGrouping<string, Exploration>[] strategies =
            [.. done.Where(one => !one.Strategy.IsBroken && !one.IsReplay).GroupBy(one => one.Strategy.Name)];
        if (strategies.Length < 2 && done.All(one => one.Result.Claims.Count == 0)) return;
        string[] claims = [.. ClaimsOfInterest,
            .. done.SelectMany(one => one.Result.Claims).Select(claim => claim.Invariant).Except(ClaimsOfInterest).Distinct()];
        if (strategies.Length == 0) return;
        string Cell(IGrouping<string, Exploration> strategy, string claim) =>
            strategy.Any(one => one.Result.Claims.Any(found => found.Invariant == claim)) ? "broken"
            : strategy.All(one => one.Result.IsComplete) ? "holds" : "not seen";

        output.WriteLine(IsMarkdown ? "**Claims, within what was explored:**" : "Claims, within what was explored:");
        TextTable table = new("", [.. Column.Texts(["strategy", .. claims])],
            [.. strategies.Select(strategy => (string[])[strategy.Key, .. claims.Select(claim => Cell(strategy, claim))])]);
        if (IsMarkdown) output.WriteLine();
        foreach (string line in IsMarkdown ? table.Markdown() : table.Text()) output.WriteLine(line);
        output.WriteLine();
    }

    private string ReplayCommand(Exploration one, Failure failure)
    {
        string plugins = string.Concat(request.Plugins.Select(path => $"--plugin '{path}' "));
        return $"lab explore {plugins}--replay '{failure.Replay}'";
    }

    private static string HowOf(StrategySettings settings)
    {
        string seed = !settings.IsSample ? "" : string.Create(CultureInfo.InvariantCulture, $", seed {settings.Seed}");
        string changes = $"{(settings.GlueFastZap ? ", halves glued" : "")}{(settings.InsertAtTail ? ", tail insertion" : "")}";
        return $"{Word(settings.Search)} search, {Word(settings.Model)}{seed}{changes}, {Plural.Of(settings.Workers, "worker")}";
    }

    /// <summary>Executions per second, those that were cut short included: each is a run from the start.</summary>
    public static double Rate(ExploreResult result) => result.Seconds > 0 ? (result.Executions + result.Cut) / result.Seconds : 0;

    /// <summary>An enum's member as the user types it. The optimal search of programs is the exhaustive one.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum => value is Lab.Explorer.Search.Optimal ? "exhaustive" : value.ToString().ToLowerInvariant();

    private void Item(string text) => Paragraph(IsMarkdown ? $"- {text}" : text, IsMarkdown ? "" : "  ");

    private void Paragraph(string text, string indent)
    {
        if (IsMarkdown)
        {
            output.WriteLine(text);
            return;
        }
        // What does not fit goes on further to the right.
        string[] lines = [.. TextGrid.Wrap(text, TextGrid.Width - indent.Length - 2)];
        for (int index = 0; index < lines.Length; index++) output.WriteLine($"{indent}{(index == 0 ? "" : "  ")}{lines[index]}");
    }
}
