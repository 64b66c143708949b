using Lab.Results;
using Lab.Results.Comparisons;

namespace Lab.Plots;

/// <summary>How an arm looks in every figure of a comparison: a colour, and a line and a marker by which it is known without
/// one.</summary>
internal sealed class ArmLooks(IReadOnlyList<ArmRuns> arms)
{
    private static readonly MarkerShape[] Shapes = Enum.GetValues<MarkerShape>();

    internal Tone ToneOf(ArmRuns arm) => Tone.Series(Place(arm));

    internal LinePattern PatternOf(ArmRuns arm) => Place(arm) % 2 == 0 ? LinePattern.Solid : LinePattern.Dashed;

    internal MarkerShape ShapeOf(ArmRuns arm) => Shapes[Place(arm) % Shapes.Length];

    /// <summary>Of what is drawn: <c>10 runs of workqueue, 10 of mainline</c>.</summary>
    internal static string RunsOf(IReadOnlyList<ArmRuns> arms) =>
        arms.Select(arm => arm.Runs.Count).Distinct().Count() == 1
            ? $"{Plural.Of(arms[0].Runs.Count, "run")} per arm"
            : string.Join(", ", arms.Select(arm => $"{arm.Runs.Count} of {arm.Label}")) + " runs";

    private int Place(ArmRuns arm) => arms.Index().First(one => ReferenceEquals(one.Item, arm)).Index;
}
