using System.Numerics;

namespace Lab.Explorer;

/// <content>Who cannot go on until something changes: spin loops, locks, grace periods.</content>
internal sealed partial class SamplingRun
{
    /// <summary>Loads in a row that tell nothing new after which a thread is taken to spin though it does not say so.</summary>
    private const int LoadsOfASpin = 16;

    /// <summary>Threads that wait for a word to change, and those among them that did not say so.</summary>
    private uint _waiting;
    private uint _spinning;

    // What each thread last saw of each word, and in which turn: since it last relaxed, or in its present run of loads.
    private ulong[] _seen = [];
    private int[] _seenSinceRelax = [];
    private int[] _seenInRun = [];
    private int[] _relaxTurn = [];
    private int[] _runTurn = [];
    private int[] _repeats = [];

    private void PrepareWaiting()
    {
        _seen = new ulong[_threads * _words];
        _seenSinceRelax = new int[_threads * _words];
        _seenInRun = new int[_threads * _words];
        _relaxTurn = new int[_threads];
        _runTurn = new int[_threads];
        _repeats = new int[_threads];
    }

    /// <remarks>Turns are never reset: what earlier executions saw is of an older turn.</remarks>
    private void ResetWaiting()
    {
        _waiting = 0;
        _spinning = 0;
        for (int thread = 0; thread < _threads; thread++)
        {
            _relaxTurn[thread]++;
            _runTurn[thread]++;
            _repeats[thread] = 0;
        }
    }

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
    }

    private void NoteOther(int thread)
    {
        _runTurn[thread]++;
        _repeats[thread] = 0;
    }

    private void WaitForChange(int thread)
    {
        int[] since = _seenSinceRelax;
        for (int word = 0; word < _words; word++)
        {
            if (since[thread * _words + word] != _relaxTurn[thread]) continue;
            _waiting |= 1u << thread;
            _spinning &= ~(1u << thread);
            return;
        }
        // It has read nothing since it last relaxed: there is nothing to wait for.
    }

    private void EndWaiting(int thread)
    {
        uint bit = 1u << thread;
        if ((_waiting & bit) == 0) return;
        if ((_spinning & bit) == 0) _relaxTurn[thread]++;
        _waiting &= ~bit;
        _spinning &= ~bit;
    }

    private bool HasChanged(int thread)
    {
        bool isSpin = (_spinning & (1u << thread)) != 0;
        int[] seenIn = isSpin ? _seenInRun : _seenSinceRelax;
        int turn = isSpin ? _runTurn[thread] : _relaxTurn[thread];
        for (int word = 0; word < _words; word++)
        {
            int place = thread * _words + word;
            if (seenIn[place] == turn && Visible(thread, word) != _seen[place]) return true;
        }
        return false;
    }

    /// <summary>Those that have to wait for something and need not any more, or, if nobody else can go on, those that only seem to spin.</summary>
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
            else if ((_spinning & bit) != 0) spinning |= bit;
        }
        return free != 0 || (_alive & ~_conditional | _drainable) != 0 ? free : spinning;
    }
}
