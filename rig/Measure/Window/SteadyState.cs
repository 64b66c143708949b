using System.Globalization;
using System.Runtime;

namespace Lab.Measure;

/// <summary>The declared end of warming up. Slices of 50 ms are taken while the load runs; it is steady when over the last four
/// of them nothing was compiled, and no closed-loop actor did a tenth more or fewer steps in the later two than in the earlier
/// two. An actor with fewer than <see cref="FewestSteps"/> steps in each half says nothing about its rate. For the coordinating
/// thread.</summary>
internal sealed class SteadyState(IReadOnlyList<ActorLane> lanes)
{
    public static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(50);

    private const int Slices = 4;
    private const int FewestSteps = 50;
    private const double RateChangeMost = 0.1;

    private readonly Queue<(long Compiled, long[] Steps)> _marks = new();

    /// <summary>Why the load is not steady yet, a clause; null once it is.</summary>
    public string? WhyNot { get; private set; } = "the warm-up was too short to tell";

    /// <summary>Ends a slice.</summary>
    public bool Mark()
    {
        _marks.Enqueue(
            (JitInfo.GetCompiledMethodCount(currentThread: false), [.. lanes.Select(lane => lane.Heartbeat.StepCount)]));
        if (_marks.Count <= Slices) return false;
        if (_marks.Count > Slices + 1) _ = _marks.Dequeue();
        WhyNot = Look([.. _marks]);
        return WhyNot is null;
    }

    private string? Look((long Compiled, long[] Steps)[] marks)
    {
        if (marks[^1].Compiled != marks[0].Compiled) return string.Create(CultureInfo.InvariantCulture,
            $"{marks[^1].Compiled - marks[0].Compiled} methods were compiled in its last "
                + $"{Slices * Slice.TotalMilliseconds:0} ms");
        for (int i = 0; i < lanes.Count; i++)
        {
            if (lanes[i].RatePerSecond > 0) continue;
            double earlier = marks[Slices / 2].Steps[i] - marks[0].Steps[i];
            double later = marks[^1].Steps[i] - marks[Slices / 2].Steps[i];
            if (Math.Min(earlier, later) >= FewestSteps && Math.Abs((later / earlier) - 1) > RateChangeMost)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{lanes[i].Actor.Name} went from {earlier:N0} to {later:N0} "
                    + $"steps in {Slices * Slice.TotalMilliseconds / 2:0} ms");
            }
        }

        return null;
    }
}
