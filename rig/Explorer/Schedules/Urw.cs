using System.Numerics;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Schedules;

/// <summary>Uniform random walk (as in Shuttle; after Zhao et al., ASPLOS 2025): a thread is chosen in proportion to the events
/// it still has, which makes every interleaving of independent lengths equally likely. Lengths are means over earlier executions;
/// the first execution is a plain random walk.</summary>
public sealed class Urw(ulong seed) : DrawingScheduler(seed)
{
    private readonly long[] _sums = new long[32];
    private readonly long[] _expected = new long[32];
    private readonly long[] _made = new long[32];
    private int _threads;
    private long _executions;

    public override string Name => "urw";

    private protected override void BeginDrawing(int threads)
    {
        _threads = threads;
        for (int thread = 0; thread < threads; thread++)
        {
            _made[thread] = 0;
            _expected[thread] = _executions == 0 ? 0 : (_sums[thread] + _executions / 2) / _executions;
        }
    }

    public override int Pick(uint enabled, int current, ReadOnlySpan<Operation> next, uint yielded)
    {
        int picked = BitOperations.IsPow2(enabled) ? BitOperations.TrailingZeroCount(enabled) : Draw(enabled);
        _made[picked]++;
        return picked;
    }

    public override void End(long steps)
    {
        _executions++;
        for (int thread = 0; thread < _threads; thread++) _sums[thread] += _made[thread];
    }

    private int Draw(uint enabled)
    {
        long total = 0;
        for (uint rest = enabled; rest != 0; rest &= rest - 1) total += Remaining(BitOperations.TrailingZeroCount(rest));
        long drawn = _dice.Below(total);
        int thread = BitOperations.TrailingZeroCount(enabled);
        for (uint rest = enabled; ; )
        {
            drawn -= Remaining(thread);
            if (drawn < 0) return thread;
            rest &= rest - 1;
            thread = BitOperations.TrailingZeroCount(rest);
        }
    }

    /// <summary>At least one: a thread that can go on has an event left, whatever was learnt.</summary>
    private long Remaining(int thread) => Math.Max(1, _expected[thread] - _made[thread]);
}
