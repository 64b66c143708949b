using Lab.Explorer.Seam;

namespace Lab.Explorer.Schedules;

/// <summary>Replays recorded picks. Where that cannot be done it says so in <see cref="Divergence"/> and goes on without
/// preemptions.</summary>
/// <param name="picks">Threads in the order in which they made their steps.</param>
/// <param name="operations">What each step did, to be compared; null if that was not kept.</param>
public sealed class Recorded(IReadOnlyList<byte> picks, IReadOnlyList<Operation>? operations = null) : Scheduler
{
    private int _step;

    public override string Name => "replay";

    /// <summary>The first step at which the program did not do as recorded, in words; null as long as it does.</summary>
    public string? Divergence { get; private set; }

    public override void Begin(int threads)
    {
        _step = 0;
        Divergence = null;
    }

    public override int Pick(uint enabled, int current, ReadOnlySpan<Operation> next, uint yielded)
    {
        int step = _step++;
        if (Divergence is null)
        {
            if (step >= picks.Count) Divergence = $"the schedule ends after step {picks.Count} but the program continues";
            else if (picks[step] > 31 || (enabled & (1u << picks[step])) == 0)
            {
                Divergence = $"at step {step + 1} thread {picks[step]} cannot make a step";
            }
            else if (operations is not null && next[picks[step]] != operations[step])
            {
                Divergence = $"at step {step + 1} thread {picks[step]} is about to do {next[picks[step]]}, recorded was "
                    + $"{operations[step]}";
            }
            else return picks[step];
        }
        return RunToEnd.Choose(enabled, current, yielded);
    }

    public override void End(long steps)
    {
        if (Divergence is null && _step < picks.Count)
        {
            Divergence = $"the program is over after step {_step}, the schedule has {picks.Count}";
        }
    }
}
