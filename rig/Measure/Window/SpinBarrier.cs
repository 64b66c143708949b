namespace Lab.Measure;

/// <summary>A barrier for starting together: threads spin, then yield, and none leaves before the last has come. It can be used
/// round after round. No thread sleeps in it, so that none starts late by a scheduler wake-up.</summary>
/// <remarks>Everybody waits except the last. The kernel's refscale has it the other way round
/// (<c>if (!atomic_dec_return(..)) while (..)</c> in ref_scale_reader): only the last thread reaches the loop, and it has nothing
/// left to wait for. Here the generation is the only thing waited for, and the last thread resets the count before it moves the
/// generation on, so that a fast thread's next arrival neither releases nor traps a slow one. Arriving is a full barrier, leaving
/// an acquire: what a thread wrote before it arrived is seen by all that leave.</remarks>
public sealed class SpinBarrier
{
    private const int NeverSleep = -1;

    private readonly int _participantCount;
    private int _arrivedCount;
    private int _generation;
    private volatile bool _broken;

    public SpinBarrier(int participantCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(participantCount, 1);
        _participantCount = participantCount;
    }

    /// <summary>Waits until all participants are here. False when the barrier was broken: then nothing may be assumed of the
    /// others.</summary>
    public bool SignalAndWait()
    {
        // Read before arriving: afterwards the last thread may already have moved it on.
        int generation = Volatile.Read(ref _generation);
        if (Interlocked.Increment(ref _arrivedCount) == _participantCount)
        {
            _arrivedCount = 0; // nobody arrives again before the release below; pairs with the acquire in the loop
            Volatile.Write(ref _generation, generation + 1);
            return !_broken;
        }

        SpinWait spinner = new();
        while (Volatile.Read(ref _generation) == generation)
        {
            if (_broken) return false;
            spinner.SpinOnce(NeverSleep);
        }

        return true;
    }

    /// <summary>Lets everybody out, now and later, with false: a participant will never come.</summary>
    public void Break() => _broken = true;
}
