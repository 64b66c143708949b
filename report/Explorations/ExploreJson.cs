using Lab.Application.Exploring;
using Lab.Explorer;

namespace Lab.Report.Explorations;

/// <summary>A root after a step that changed one.</summary>
public sealed record RootJson(string Name, long Count, bool Invalid, string Holders);

/// <summary>A step of a schedule; <see cref="Roots"/> is empty where none changed.</summary>
public sealed record StepJson(string Thread, string What, string? At, bool Notable, IReadOnlyList<RootJson> Roots);

/// <summary>A promise that is broken without anything going wrong.</summary>
public sealed record ClaimJson(string Invariant, string Claim, string What);

/// <summary>What <c>lab explore --format json</c> prints for one strategy on one scenario, in an array. All steps are there,
/// whatever is shown as text.</summary>
public sealed record ExplorationJson(
    string Strategy, string Scenario, IReadOnlyDictionary<string, long> Parameters, string Search, string Model, string Verdict,
    string? Invariant, string? Claim, string? What, long Executions, long Cut, long States, long Steps, double Seconds,
    double ExecutionsPerSecond, bool Complete, string Bound, double? Probability, int? Preemptions, bool? FewestPreemptions,
    bool? FewestSteps, IReadOnlyList<StepJson> Schedule, string? Replay, IReadOnlyList<ClaimJson> Claims,
    string? Shape, IReadOnlyList<string> Reductions, long? Runs);

/// <summary>An event of an execution under a weak memory model.</summary>
public sealed record ExecutionEventJson(string Event, string Thread, string Text, string? At);

/// <summary>What it prints for a classic program: one object. <see cref="Events"/> to <see cref="Notes"/> are of an execution
/// that fails under a model weaker than x86-TSO, empty elsewhere.</summary>
public sealed record ProgramJson(
    string Program, int Size, string Model, string Search, string Verdict, string? Invariant, string? Claim, string? What,
    long Executions, long Cut, long Steps, IReadOnlyDictionary<string, long> Outcomes, double Seconds, double ExecutionsPerSecond,
    bool Complete, string Bound, double? Probability, int? Preemptions, IReadOnlyList<StepJson> Schedule, string? Replay,
    IReadOnlyList<ExecutionEventJson> Events, IReadOnlyList<LitmusEdgeJson> Edges, IReadOnlyList<LitmusEdgeJson> Cycle,
    IReadOnlyList<string> Fixes, IReadOnlyList<string> Notes);

/// <summary>The machine-readable form of what was explored.</summary>
public static class ExploreJson
{
    public static ExplorationJson Of(Exploration one) => new(
        one.Strategy.Name, one.Scenario.Name,
        one.Scenario.Parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value),
        one.IsReplay ? "replay" : ExploreReport.Word(one.Settings.Search), ExploreReport.Word(one.Settings.Model),
        VerdictWord(one.Result.Verdict),
        one.Result.Failure?.Finding.Invariant, one.Result.Failure?.Finding.Claim, one.Result.Failure?.Finding.What,
        one.Result.Executions, one.Result.Cut, one.Result.States, one.Result.Steps, one.Result.Seconds,
        ExploreReport.Rate(one.Result),
        one.Result.IsComplete, one.Result.Bound, one.Result.FindsWithProbability,
        one.Result.Failure?.Preemptions, one.Result.Failure?.HasFewestPreemptions, one.Result.Failure?.HasFewestSteps,
        Steps(one.Result.Failure),
        one.Result.Failure?.Replay,
        [.. one.Result.Claims.Select(claim => new ClaimJson(claim.Invariant, claim.Claim, claim.What))],
        one.Result.Shape, one.IsReplay ? [] : one.Result.Reductions, one.Result.Runs);

    public static ProgramJson Of(ProgramRequest program, ExploreResult result) => new(
        program.Program.Name, program.Size, ExploreReport.Word(program.Settings.Model),
        ExploreReport.Word(program.Settings.Search), VerdictWord(result.Verdict),
        result.Failure?.Finding.Invariant, result.Failure?.Finding.Claim, result.Failure?.Finding.What,
        result.Executions, result.Cut, result.Steps, result.Outcomes, result.Seconds, ExploreReport.Rate(result),
        result.IsComplete, result.Bound, result.FindsWithProbability, result.Failure?.Preemptions, Steps(result.Failure),
        result.Failure?.Replay,
        [.. result.Failure?.Execution?.Drawn.Events.Select(e =>
            new ExecutionEventJson(e.Label, result.Failure.Agents[e.Thread], e.Text, e.Place)) ?? []],
        LitmusJson.ArrowsOf(result.Failure?.Execution?.Drawn.Edges), LitmusJson.ArrowsOf(result.Failure?.Execution?.Drawn.Cycle),
        result.Failure?.Execution?.Fixes ?? [], result.Failure?.Execution?.Notes ?? []);

    private static IReadOnlyList<StepJson> Steps(Failure? failure) =>
        failure is null
            ? []
            :
            [
                .. failure.Steps.Select(step => new StepJson(
                    failure.Agents[step.Agent], step.What, step.Location, step.IsNotable,
                    [.. step.Roots.Select(root => new RootJson(root.Name, root.Count, root.IsInvalid, root.Holders))])),
            ];

    private static string VerdictWord(Verdict verdict) =>
        verdict switch
        {
            Verdict.Violated => "violated",
            Verdict.Uncontrollable => "uncontrollable",
            _ => "nothing_found",
        };
}
