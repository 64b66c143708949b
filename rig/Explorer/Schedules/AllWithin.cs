using System.Numerics;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Schedules;

/// <summary>Every schedule with at most so many preemptions, one after the other, depth first, without reduction: for programs
/// small enough, the proof that no schedule with fewer fails.</summary>
/// <remarks>A step of a store buffer is nobody's preemption, and neither is leaving a thread that yielded.</remarks>
/// <param name="threads">Threads without their store buffers, whose numbers follow.</param>
internal sealed class AllWithin(int threads) : Scheduler
{
    private uint[] _untried = new uint[256];
    private byte[] _chosen = new byte[256];
    private int _depth;
    private int _step;
    private int _preemptions;
    private int _preemptionsMax;
    private int _last;

    public override string Name => "bounded";

    /// <summary>Starts over with another bound.</summary>
    public void Bound(int preemptionsMax)
    {
        _preemptionsMax = preemptionsMax;
        _depth = 0;
    }

    /// <summary>Turns to the next schedule; false if there is none.</summary>
    public bool MoveNext()
    {
        while (_depth > 0 && _untried[_depth - 1] == 0) _depth--;
        if (_depth == 0) return false;
        int lowest = BitOperations.TrailingZeroCount(_untried[_depth - 1]);
        _untried[_depth - 1] &= _untried[_depth - 1] - 1;
        _chosen[_depth - 1] = (byte)lowest;
        return true;
    }

    public override void Begin(int threads)
    {
        _step = 0;
        _preemptions = 0;
        _last = -1;
    }

    public override int Pick(uint enabled, int current, ReadOnlySpan<Operation> next, uint yielded)
    {
        uint lastBit = _last < 0 ? 0 : 1u << _last;
        bool wouldPreempt = (enabled & ~yielded & lastBit) != 0;
        if (_step == _depth)
        {
            uint buffers = enabled & ~((1u << threads) - 1);
            uint allowed = wouldPreempt && _preemptions >= _preemptionsMax ? lastBit | buffers : enabled;
            int first = wouldPreempt ? _last : RunToEnd.Choose(allowed, _last, yielded);
            Push(first, allowed & ~(1u << first));
        }
        int picked = _chosen[_step++];
        if (picked < threads)
        {
            if (wouldPreempt && picked != _last) _preemptions++;
            _last = picked;
        }
        return picked;
    }

    private void Push(int first, uint others)
    {
        if (_depth == _chosen.Length)
        {
            Array.Resize(ref _chosen, _depth * 2);
            Array.Resize(ref _untried, _depth * 2);
        }
        _chosen[_depth] = (byte)first;
        _untried[_depth++] = others;
    }
}
