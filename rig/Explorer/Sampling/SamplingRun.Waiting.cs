using System.Numerics;

namespace Lab.Explorer.Sampling;

/// <content>Who cannot go on until something changes: spin loops, locks, grace periods.</content>
internal sealed partial class SamplingRun
{
    /// <summary>Loads in a row that tell nothing new after which a thread is taken to spin though it does not say so.</summary>
    private const int LoadsOfASpin = 16;

    /// <summary>Steps in a row during which no word changed, by anybody, after which a thread is taken to poll: locks, looks,
    /// unlocks, and so on.</summary>
    private const int StepsOfAPoll = 128;

    /// <summary>Threads that wait for a word to change, and those among them that did not say so.</summary>
    private uint _waiting;
    private uint _spinning;
    private uint _polling;

    /// <summary>Changes of words so far.</summary>
    private int _changes;

    // What each thread last saw of each word, and in which turn: since it last relaxed, in its present run of loads, while it
    // polls.
    private ulong[] _seen = [];
    private int[] _seenSinceRelax = [];
    private int[] _seenInRun = [];
    private int[] _seenInPoll = [];
    private int[] _relaxTurn = [];
    private int[] _runTurn = [];
    private int[] _pollTurn = [];
    private int[] _repeats = [];
    private int[] _quietSteps = [];
    private int[] _changesSeen = [];

    private void PrepareWaiting()
    {
        _seen = new ulong[_threads * _words];
        _seenSinceRelax = new int[_threads * _words];
        _seenInRun = new int[_threads * _words];
        _seenInPoll = new int[_threads * _words];
        _relaxTurn = new int[_threads];
        _pollTurn = new int[_threads];
        _quietSteps = new int[_threads];
        _changesSeen = new int[_threads];
        _runTurn = new int[_threads];
        _repeats = new int[_threads];
    }

    /// <remarks>Turns are never reset: what earlier executions saw is of an older turn.</remarks>
    private void ResetWaiting()
    {
        _waiting = 0;
        _spinning = 0;
        _polling = 0;
        for (int thread = 0; thread < _threads; thread++)
        {
            _relaxTurn[thread]++;
            _runTurn[thread]++;
            _pollTurn[thread]++;
            _repeats[thread] = 0;
            _quietSteps[thread] = 0;
        }
    }

    /// <remarks>A read-modify-write that changed nothing counts as a load: so spins a lock word.</remarks>
    private void NoteLoad(int thread, int word, ulong value)
    {
        int place = thread * _words + word;
        bool isNew = _seenInRun[place] != _runTurn[thread] || _seen[place] != value;
        _seenInRun[place] = _runTurn[thread];
        NoteRead(thread, word, value);
        if (isNew) _repeats[thread] = 0;
        else if (++_repeats[thread] >= LoadsOfASpin)
        {
            _waiting |= 1u << thread;
            _spinning |= 1u << thread;
        }
    }

    private void NoteRead(int thread, int word, ulong value)
    {
        int place = thread * _words + word;
        _seen[place] = value;
        _seenSinceRelax[place] = _relaxTurn[thread];
        _seenInPoll[place] = _pollTurn[thread];
    }

    private void NoteOther(int thread)
    {
        _runTurn[thread]++;
        _repeats[thread] = 0;
    }

    /// <summary>The thread made a step. If nothing has changed for long, it is to wait as if it had said that it polls.</summary>
    private void NoteStep(int thread)
    {
        if (_changesSeen[thread] != _changes)
        {
            _changesSeen[thread] = _changes;
            _quietSteps[thread] = 0;
            return;
        }
        int quiet = ++_quietSteps[thread];
        if (quiet < StepsOfAPoll) return;
        // What it reads from now on is what it polls.
        if (quiet == StepsOfAPoll) _pollTurn[thread]++;
        if (quiet < 2 * StepsOfAPoll) return;
        _quietSteps[thread] = StepsOfAPoll - 1;
        if ((_waiting & (1u << thread)) != 0) return;
        _waiting |= 1u << thread;
        _polling |= 1u << thread;
    }

    private void WaitForChange(int thread)
    {
        int[] since = _seenSinceRelax;
        for (int word = 0; word < _words; word++)
        {
            if (since[thread * _words + word] != _relaxTurn[thread]) continue;
            _waiting |= 1u << thread;
            _spinning &= ~(1u << thread);
            _polling &= ~(1u << thread);
            return;
        }
        // It has read nothing since it last relaxed: there is nothing to wait for.
    }

    private void EndWaiting(int thread)
    {
        uint bit = 1u << thread;
        if ((_waiting & bit) == 0) return;
        if (((_spinning | _polling) & bit) == 0) _relaxTurn[thread]++;
        _waiting &= ~bit;
        _spinning &= ~bit;
        _polling &= ~bit;
    }

    private bool HasChanged(int thread)
    {
        uint bit = 1u << thread;
        (int[] seenIn, int turn) = (_spinning & bit) != 0 ? (_seenInRun, _runTurn[thread])
            : (_polling & bit) != 0 ? (_seenInPoll, _pollTurn[thread])
            : (_seenSinceRelax, _relaxTurn[thread]);
        for (int word = 0; word < _words; word++)
        {
            int place = thread * _words + word;
            if (seenIn[place] == turn && Visible(thread, word) != _seen[place]) return true;
        }
        return false;
    }

    /// <summary>Those that had to wait for something and need not any more, or, if nobody else can go on, one that only seems to
    /// spin.</summary>
    private uint ThoseThatCanGo()
    {
        uint free = 0;
        uint spinning = 0;
        for (uint rest = _alive & _conditional; rest != 0; rest &= rest - 1)
        {
            int thread = BitOperations.TrailingZeroCount(rest);
            uint bit = 1u << thread;
            if (!CanTake(thread, _logs[thread][_counts[thread]])) continue;
            if ((_waiting & bit) == 0 || HasChanged(thread)) free |= bit;
            else if (((_spinning | _polling) & bit) != 0) spinning |= bit;
        }
        if (free != 0 || (_alive & ~_conditional | _drainable) != 0 || spinning == 0) return free;
        // One of them spins on alone: taking turns would find nothing more, and run their bodies again at every turn.
        return _last >= 0 && (spinning & (1u << _last)) != 0 ? 1u << _last : spinning & (0 - spinning);
    }
}
