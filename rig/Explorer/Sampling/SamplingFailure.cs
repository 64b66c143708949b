using Lab.Explorer.Schedules;

namespace Lab.Explorer.Sampling;

/// <summary>Turns a schedule that fails into the shortest story: fewer preemptions first, then fewer steps, then fewer switches,
/// always with the same broken promise.</summary>
/// <remarks>Two ways, in this order. Merging: drop a run of steps from the schedule or join it with another of the same thread,
/// and see whether what comes of it fails too; repeated until nothing helps. Then every schedule with fewer preemptions is tried,
/// from none upwards, which finds the minimum and proves it, if the program is small enough. Both are bounded by executions, not
/// by time, so that a seed gives the same story on every machine.</remarks>
internal sealed class SamplingFailure(SamplingRun run, Finding finding, int threads)
{
    private const long MergingStepsMax = 2_000_000;
    private const long ExhaustionExecutionsMax = 100_000;
    private const long ExhaustionStepsMax = 4_000_000;

    private readonly Merging _merging = new();
    private byte[] _picks = [];
    private int _preemptions;
    private long _stepsMade;

    /// <summary>Steps that minimising made.</summary>
    public long StepsMade => _stepsMade;

    /// <summary>The failure that the run's latest execution is, as found.</summary>
    public static Failure AsFound(SamplingRun run, Finding finding) => Describe(run, finding, false, false);

    /// <summary>The failure that the run's latest execution is, made as short as can be.</summary>
    public Failure Minimise()
    {
        _picks = run.Picks.ToArray();
        _preemptions = run.Preemptions;
        MergeRuns();
        (bool fewestPreemptions, bool fewestSteps) = TryAll();
        _ = run.ExecuteAnyway(new Recorded(_picks));
        return Describe(run, run.Finding ?? finding, fewestPreemptions, fewestSteps);
    }

    private static Failure Describe(SamplingRun run, Finding finding, bool fewestPreemptions, bool fewestSteps) => new(
        finding,
        run.Agents(),
        run.Story(),
        run.Preemptions,
        ScheduleText.Encode(run.Key(), run.Picks.ToArray()),
        fewestPreemptions,
        fewestSteps);

    private void MergeRuns()
    {
        bool isBetter = true;
        while (isBetter && _stepsMade < MergingStepsMax)
        {
            isBetter = false;
            List<(byte Thread, int Count)> runs = RunsOf(_picks);
            for (int index = 0; index < runs.Count && !isBetter; index++)
            {
                int earlier =
                    runs.FindLastIndex(Math.Max(0, index - 1), Math.Max(0, index), other => other.Thread == runs[index].Thread);
                int later = runs.FindIndex(index + 1, other => other.Thread == runs[index].Thread);
                isBetter = TryMoved(runs, index, earlier) || TryMoved(runs, index, later) || TryMoved(runs, index, -1);
            }
        }
    }

    /// <summary>Tries the schedule with one run joined to another of its thread, or, if that is −1, dropped.</summary>
    private bool TryMoved(List<(byte Thread, int Count)> runs, int from, int to)
    {
        if (_stepsMade >= MergingStepsMax || to == from) return false;
        List<byte> wishes = [];
        for (int index = 0; index < runs.Count; index++)
        {
            int count = index == from ? 0 : index == to ? runs[index].Count + runs[from].Count : runs[index].Count;
            for (int step = 0; step < count; step++) wishes.Add(runs[index].Thread);
        }
        _merging.Follow(wishes.ToArray());
        _ = run.Execute(_merging, false);
        return Keep();
    }

    /// <summary>Keeps the latest execution if it fails in the same way and is better.</summary>
    private bool Keep()
    {
        _stepsMade += run.Steps + 1;
        bool isSame = run.Finding?.Invariant == finding.Invariant;
        int difference = (run.Preemptions, run.Steps).CompareTo((_preemptions, _picks.Length));
        if (!isSame || difference > 0 || (difference == 0 && SwitchesIn(run.Picks) >= SwitchesIn(_picks))) return false;
        _preemptions = run.Preemptions;
        _picks = run.Picks.ToArray();
        return true;
    }

    private (bool FewestPreemptions, bool FewestSteps) TryAll()
    {
        AllWithin all = new(threads);
        long executions = 0;
        long stepsMax = _stepsMade + ExhaustionStepsMax;
        for (int bound = 0; bound <= _preemptions; bound++)
        {
            // At the lowest bound at which anything fails, all of its schedules are tried: the shortest is wanted.
            all.Bound(bound);
            do
            {
                if (++executions > ExhaustionExecutionsMax || _stepsMade > stepsMax || run.WasStopped)
                {
                    return (bound == _preemptions, false);
                }
                _ = run.Execute(all, false);
                _ = Keep();
            }
            while (all.MoveNext());
        }
        return (true, true);
    }

    private static int SwitchesIn(ReadOnlySpan<byte> picks)
    {
        int switches = 0;
        for (int step = 1; step < picks.Length; step++) if (picks[step] != picks[step - 1]) switches++;
        return switches;
    }

    private static List<(byte Thread, int Count)> RunsOf(byte[] picks)
    {
        List<(byte Thread, int Count)> runs = [];
        foreach (byte pick in picks)
        {
            if (runs.Count > 0 && runs[^1].Thread == pick) runs[^1] = (pick, runs[^1].Count + 1);
            else runs.Add((pick, 1));
        }
        return runs;
    }
}
