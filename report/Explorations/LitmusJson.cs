using Lab.Explorer;
using Lab.Explorer.Litmus;
using Lab.Explorer.Orders;

namespace Lab.Report.Explorations;

/// <summary>An event of an execution.</summary>
public sealed record LitmusEventJson(string Event, int Thread, string Text, int Line);

/// <summary>An arrow between two events.</summary>
public sealed record LitmusEdgeJson(string From, string To, string Name);

/// <summary>A final state and in how many executions it is reached.</summary>
public sealed record LitmusStateJson(string State, long Executions);

/// <summary>What <c>lab explore --litmus</c> prints for one test under one model, in an array. <see cref="Events"/> to
/// <see cref="ForbiddenCycle"/> are of one execution that ends as the test asks, empty where none can.</summary>
public sealed record LitmusJson(
    string Test, string Source, string Model, string Observation, bool Ok, string Verdict, string Condition,
    IReadOnlyList<LitmusStateJson> States, long Executions, long Positive, long Negative, bool Complete, double Seconds,
    IReadOnlyList<IReadOnlyList<string>> Fixes, IReadOnlyList<IReadOnlyList<string>>? Spare,
    IReadOnlyList<LitmusEventJson> Events, IReadOnlyList<LitmusEdgeJson> Edges, IReadOnlyList<LitmusEdgeJson> Cycle,
    string? ForbiddenBy, IReadOnlyList<LitmusEdgeJson> ForbiddenCycle)
{
    public static LitmusJson Of(string source, LitmusAnswer answer) => new(
        answer.Test.Name, source, MemoryModels.NameOf(answer.Model), answer.Observation.ToString().ToLowerInvariant(),
        answer.IsOk, !answer.IsComplete ? "incomplete" : answer.IsViolated ? "violated" : "nothing_found",
        answer.Test.ConditionText,
        [.. answer.States.Select(state => new LitmusStateJson(state.Key, state.Value))],
        answer.Executions, answer.Positive, answer.Negative, answer.IsComplete, answer.Seconds,
        [.. answer.Fixes.Select(fix => fix.Changes)], answer.Spare?.Select(one => one.Changes).ToArray(),
        [.. answer.Witness?.Events.Select(e => new LitmusEventJson(e.Label, e.Thread, e.Text, e.Line)) ?? []],
        ArrowsOf(answer.Witness?.Edges), ArrowsOf(answer.Witness?.Cycle), answer.Witness?.ForbiddenBy,
        ArrowsOf(answer.Witness?.ForbiddenCycle));

    internal static LitmusEdgeJson[] ArrowsOf(IReadOnlyList<DrawnEdge>? edges) =>
        [.. edges?.Select(edge => new LitmusEdgeJson(edge.From, edge.To, edge.Name)) ?? []];
}
