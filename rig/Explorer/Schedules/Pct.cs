using System.Numerics;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Schedules;

/// <summary>Probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010): the thread of the highest priority runs;
/// priorities are drawn at the start, and at d − 1 random steps that of the thread about to run falls below all others.</summary>
/// <remarks>A bug of depth d (one that d ordering constraints between events suffice to provoke) is found by each schedule with
/// probability at least 1/(n·k^(d−1)), for n threads and k steps. k is learnt: the first execution has no change points, later
/// ones draw them among the steps of the longest so far. Steps count only where there was a choice (as Shuttle counts), which
/// makes k smaller and the bound better.</remarks>
public sealed class Pct : DrawingScheduler
{
    private readonly int _depth;
    private readonly long[] _changeAt;
    private readonly long[] _priorities = new long[32];
    private int _threads;
    private long _choices;
    private long _choicesMax;

    /// <param name="depth">Bug depth d, at least 1.</param>
    /// <param name="seed">Where the random numbers start.</param>
    public Pct(int depth, ulong seed) : base(seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        _depth = depth;
        _changeAt = new long[depth - 1];
    }

    public override string Name => "pct";

    /// <summary>Steps with a choice in the longest execution so far: k.</summary>
    public long Choices => Math.Max(1, _choicesMax);

    /// <summary>Least probability that so many schedules find a bug of the depth asked for.</summary>
    public double FindsWithProbability(long schedules) =>
        schedules <= 0 ? 0 : -double.ExpM1(schedules * double.LogP1(-PerSchedule));

    /// <summary>Schedules after which a bug of the depth asked for has been found with at least this probability, below
    /// 1.</summary>
    public long SchedulesFor(double probability)
    {
        if (probability <= 0) return 0;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(probability, 1);
        double schedules = PerSchedule >= 1 ? 1 : Math.Ceiling(double.LogP1(-probability) / double.LogP1(-PerSchedule));
        return schedules >= long.MaxValue ? long.MaxValue : (long)schedules;
    }

    private double PerSchedule => 1 / (Math.Max(1, _threads) * Math.Pow(Choices, _depth - 1));

    private protected override void BeginDrawing(int threads)
    {
        _threads = threads;
        _choices = 0;
        // A random permutation of d, d + 1, …: all above the d − 1 values that change points hand out.
        for (int thread = 0; thread < threads; thread++)
        {
            int place = (int)_dice.Below((uint)thread + 1);
            _priorities[thread] = _priorities[place];
            _priorities[place] = _depth + thread;
        }
        for (int point = 0; point < _changeAt.Length; point++)
        {
            _changeAt[point] = _choicesMax == 0 ? 0 : 1 + _dice.Below(_choicesMax);
        }
    }

    public override int Pick(uint enabled, int current, ReadOnlySpan<Operation> next, uint yielded)
    {
        if (BitOperations.IsPow2(enabled)) return BitOperations.TrailingZeroCount(enabled);
        _choices++;
        // One that spins has nothing to lose: whoever it waits for goes first.
        if ((enabled & ~yielded) != 0) enabled &= ~yielded;
        int highest = Highest(enabled);
        for (int point = 0; point < _changeAt.Length; point++)
        {
            if (_changeAt[point] != _choices) continue;
            _priorities[highest] = point + 1;
            highest = Highest(enabled);
        }
        return highest;
    }

    public override void End(long steps) => _choicesMax = Math.Max(_choicesMax, _choices);

    private int Highest(uint threads)
    {
        int highest = BitOperations.TrailingZeroCount(threads);
        for (uint rest = threads & (threads - 1); rest != 0; rest &= rest - 1)
        {
            int thread = BitOperations.TrailingZeroCount(rest);
            if (_priorities[thread] > _priorities[highest]) highest = thread;
        }
        return highest;
    }
}
