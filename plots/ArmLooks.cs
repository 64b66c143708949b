using Lab.Results;
using Lab.Results.Comparisons;
using ScottPlot;

namespace Lab.Plots;

/// <summary>How an arm looks in every figure of a comparison: a colour, and a line and a marker by which it is known without
/// one.</summary>
internal sealed class ArmLooks(IReadOnlyList<ArmRuns> arms)
{
    private static readonly MarkerShape[] Shapes =
        [MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp, MarkerShape.FilledDiamond];

    internal Look Of(ArmRuns arm)
    {
        int place = arms.Index().First(one => ReferenceEquals(one.Item, arm)).Index;
        return new Look(Tone.Series(place), arm.Label)
            { Pattern = place % 2 == 0 ? LinePattern.Solid : LinePattern.Dashed, Shape = Shapes[place % Shapes.Length] };
    }

    /// <summary>Of what is drawn: <c>10 runs of workqueue, 10 of mainline</c>.</summary>
    internal static string RunsOf(IReadOnlyList<ArmRuns> arms) =>
        arms.Select(arm => arm.Runs.Count).Distinct().Count() == 1
            ? $"{Plural.Of(arms[0].Runs.Count, "run")} per arm"
            : string.Join(", ", arms.Select(arm => $"{arm.Runs.Count} of {arm.Label}")) + " runs";
}
