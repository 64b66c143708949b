using System.Numerics;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Schedules;

/// <summary>No preemption: the thread goes on until it ends, blocks or yields; then the next one in turn that can.</summary>
public sealed class RunToEnd : Scheduler
{
    public override string Name => "run-to-end";

    public override void Begin(int threads) { }

    public override int Pick(uint enabled, int current, ReadOnlySpan<Operation> next, uint yielded) =>
        Choose(enabled, current, yielded);

    internal static int Choose(uint enabled, int current, uint yielded)
    {
        if (current >= 0 && (enabled & ~yielded & (1u << current)) != 0) return current;
        if ((enabled & ~yielded) != 0) enabled &= ~yielded;
        // Those after the current one come first, so that two that yield to each other do not keep a third from its turn.
        uint after = current is < 0 or >= 31 ? 0 : enabled & (uint.MaxValue << (current + 1));
        return BitOperations.TrailingZeroCount(after != 0 ? after : enabled);
    }
}
