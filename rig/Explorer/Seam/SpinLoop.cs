namespace Lab.Explorer.Seam;

/// <summary>Tells a loop that waits from one that works. At the end of a turn the thread goes on into some more turns on trial,
/// reading what it read before: if it comes to their end without having done anything that another thread could see, it waits for
/// one of the words it has looked at.</summary>
/// <remarks>A lock taken and released again inside the turn counts as looking. Belongs to one run of one thread's body at a
/// time.</remarks>
internal sealed class SpinLoop
{
    /// <summary>Turns per thread that are followed of a loop that does more than look.</summary>
    internal const int TurnsMax = 3;

    /// <summary>Loads in a row that show nothing new, after which a thread is thought to spin without saying so.</summary>
    internal const int RepeatsMax = 16;

    /// <summary>The same during a trial, where it is the proof.</summary>
    private const int TrialRepeatsMax = 1024;

    /// <summary>Turns of a trial: a loop that gives up by itself after fewer is not taken for one that waits.</summary>
    private const int TrialTurnsMax = 64;

    private readonly List<int> _looked = [];
    private int[] _turnOf = [];
    private int[] _indexOf = [];
    private ulong[] _values = [];
    private int _turn;
    private int _lookingSince;
    private int _repeats;
    private int _held;
    private int _trialTurns;

    /// <summary>The thread's events are not recorded: it repeats a turn to show what the turn does.</summary>
    internal bool IsOnTrial { get; private set; }

    /// <summary>The thread has repeated itself often enough to be put on trial.</summary>
    internal bool IsSuspect => _repeats >= RepeatsMax;

    /// <summary>The trial has shown that the thread only looks.</summary>
    internal bool IsProven => _held == 0 && _looked.Count > 0;

    internal int[] Looked => [.. _looked];

    internal void BeginBody()
    {
        IsOnTrial = false;
        BeginTurn(0);
    }

    internal void BeginTurn(int index)
    {
        _turn++;
        (_lookingSince, _repeats) = (index, 0);
    }

    /// <summary>The thread has read a word, or replaced its value by the same one.</summary>
    internal void Look(int location, ulong value, int index)
    {
        if (location >= _turnOf.Length) Grow(location + 1);
        bool isKnown = _turnOf[location] == _turn && _values[location] == value && _indexOf[location] >= _lookingSince;
        _repeats = isKnown ? _repeats + 1 : 0;
        (_turnOf[location], _values[location], _indexOf[location]) = (_turn, value, index);
    }

    /// <summary>The thread has written a word.</summary>
    internal void Work(int location, ulong value, int index)
    {
        Look(location, value, index);
        Rest(index);
    }

    /// <summary>The thread has done something that is neither.</summary>
    internal void Rest(int index) => (_lookingSince, _repeats) = (index + 1, 0);

    internal void BeginTrial()
    {
        IsOnTrial = true;
        (_repeats, _held, _trialTurns) = (0, 0, 0);
        _looked.Clear();
    }

    /// <summary>On trial: the value the word had in the turn before. False if the turn did not look at it, so that this one
    /// differs.</summary>
    internal bool TryLookAgain(int location, out ulong value)
    {
        value = 0;
        if (location >= _turnOf.Length || _turnOf[location] != _turn) return false;
        value = _values[location];
        if (!_looked.Contains(location)) _looked.Add(location);
        return true;
    }

    /// <summary>On trial: another load. True if it has made so many that the loop cannot end by itself.</summary>
    internal bool IsEndless() => ++_repeats >= TrialRepeatsMax;

    /// <summary>On trial: another turn. True if it was the last that is asked for.</summary>
    internal bool IsLastTurn() => ++_trialTurns >= TrialTurnsMax;

    /// <summary>On trial: a lock or a read-side section is entered (+1) or left (−1).</summary>
    internal void Hold(int change) => _held += change;

    private void Grow(int count)
    {
        count = Math.Max(count, 2 * _turnOf.Length);
        Array.Resize(ref _turnOf, count);
        Array.Resize(ref _indexOf, count);
        Array.Resize(ref _values, count);
    }
}
