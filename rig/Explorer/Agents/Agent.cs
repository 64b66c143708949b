using Lab.Explorer.Seam;

namespace Lab.Explorer.Agents;

/// <summary>What an agent waits for, beyond its turn.</summary>
internal enum Wait
{
    None,
    Exclusive,
    Shared,
    Readers,
    Change,

    /// <summary>Somebody to wake it.</summary>
    Woken,
    Item,
    Flush,
    Callbacks,

    /// <summary>Its own stores to reach memory: a locked instruction or a fence comes next.</summary>
    Drained,

    /// <summary>All agents that are not workers have ended.</summary>
    Others,
}

/// <summary>What a stretch of one agent's steps read and wrote: one bit per word, lock or domain, folded to 64. Overlaps may be
/// false, never missed.</summary>
internal struct Footprint
{
    public ulong Reads;
    public ulong Writes;

    public readonly bool DependsOn(in Footprint other) => ((Writes & (other.Reads | other.Writes)) | (Reads & other.Writes)) != 0;

    public void Read(int target) => Reads |= 1UL << (target & 63);

    public void Write(int target) => Writes |= 1UL << (target & 63);

    public void Everything() => Writes = ulong.MaxValue;
}

/// <summary>One thread of an execution.</summary>
internal sealed class Agent(int index, AgentThread thread)
{
    public const int ReadsMax = 64;
    public const int ReleasesMax = 8;
    private const int PeriodMax = 128;

    /// <summary>Turns that must be alike before a loop is taken to make one turn like the other.</summary>
    private const int TurnsAlike = 4;

    private AgentFields _fields;
    private readonly List<RecalledState.AgentState> _kept = [];
    private int _top = -1;
    public readonly int Index = index;
    public readonly AgentThread Thread = thread;
    public string Name = "";
    public Action? Body;
    public bool HasThread;
    public bool IsWorker;
    public bool IsStarted;

    /// <summary>Its thread has not run yet; its first event is known from before.</summary>
    public ref bool IsFresh => ref _fields.IsFresh;
    public ref bool IsFinished => ref _fields.IsFinished;
    public int Vcpu = -1;

    /// <summary>Next event, while the agent waits for its turn.</summary>
    public ref Operation Pending => ref _fields.Pending;
    public ref Wait Waits => ref _fields.Waits;

    /// <summary>Hash of everything the agent has seen so far: with it, its next event is determined.</summary>
    public ref ulong History => ref _fields.History;

    /// <summary>Hash of all that its code has heard of the machine: what it does next follows from it. Grows with each operation,
    /// where <see cref="History"/> keeps what others could tell apart.</summary>
    public ref ulong Knowledge => ref _fields.Knowledge;

    /// <summary><see cref="Knowledge"/> at the end of its last operation: where it is in its code.</summary>
    public ref ulong Place => ref _fields.Place;

    /// <summary>The next access of memory needs no choice: a lock was just taken, and taking it can be moved up to
    /// here.</summary>
    public ref bool IsFused => ref _fields.IsFused;
    public ref ulong ExclusiveLocks => ref _fields.ExclusiveLocks;
    public ref ulong SharedLocks => ref _fields.SharedLocks;
    public readonly int[] RcuDepth = new int[AgentController.DomainsMax];

    /// <summary>Agents whose read-side sections the pending grace period waits for.</summary>
    public ref uint Readers => ref _fields.Readers;

    /// <summary>Number of the last item that the pending flush waits for.</summary>
    public ref long FlushUpTo => ref _fields.FlushUpTo;

    /// <summary>Words read since the last turn of a spin loop, and the values found.</summary>
    public readonly (int Word, ulong Value)[] Reads = new (int, ulong)[ReadsMax];
    public ref int ReadCount => ref _fields.ReadCount;
    public ref int RepeatedReads => ref _fields.RepeatedReads;

    /// <summary>Locks released since the last turn of a spin loop, and their number of releases then.</summary>
    public readonly (int Lock, long Releases)[] Releases = new (int, long)[ReleasesMax];
    public ref int ReleaseCount => ref _fields.ReleaseCount;

    /// <summary>Words that it wrote since the last turn of a spin loop, with what they hold since then: to find that there again
    /// is no news of anybody else.</summary>
    private readonly List<(int Word, ulong Value, bool IsSeen)> _own = [];

    /// <summary>Its last events, once it has made many.</summary>
    private readonly List<ulong> _trail = [];

    /// <summary>Its present turn does more than look: it writes, or takes locks.</summary>
    public ref bool Works => ref _fields.Works;

    /// <summary>Hash of the events of its present turn.</summary>
    public ref ulong TurnHash => ref _fields.TurnHash;

    /// <summary>All agents' steps when it began to wait for it knows not what.</summary>
    public ref long StepsSeen => ref _fields.StepsSeen;

    /// <summary>Its caller may not sleep (mmu_notifier_range_blockable is false).</summary>
    public ref bool MayNotSleep => ref _fields.MayNotSleep;

    /// <summary>What it sleeps on: the word, what that was, and the word of those that sleep on it.</summary>
    public ref (nint Word, ulong Value, nint Sleepers) Asleep => ref _fields.Asleep;

    /// <summary>Hash of its last event alone.</summary>
    public ref ulong LastEvent => ref _fields.LastEvent;

    /// <summary>Events in a turn of the loop that it is in without saying so; zero if it is in none.</summary>
    public int Period;

    /// <summary>Events of a turn that is only looked at, for the place where the fewest locks are held.</summary>
    public int PeriodLeft;
    public int LocksLeast;

    /// <summary>Events to the end of the turn of a loop that does not say that it spins; zero if it is in none.</summary>
    public int TurnLeft;

    /// <summary>Stores that have not reached memory, oldest first (x86-TSO).</summary>
    public readonly List<(int Word, ulong Value)> Buffer = [];

    /// <summary>Shared word that it stored to last, without anything since that drains a store buffer; zero for none.</summary>
    public ref int StoredWord => ref _fields.StoredWord;

    /// <summary>While its steps are recalled: the one whose operation it is at, and which of that operation's choices comes
    /// next.</summary>
    public ref LocalStep? Step => ref _fields.Step;
    public ref byte Phase => ref _fields.Phase;

    /// <summary>What its load has found that ended a turn.</summary>
    public ref ulong Loaded => ref _fields.Loaded;

    /// <summary>Events of its thread's ring that were looked at.</summary>
    public ulong EventsSeen;
    public ref long StepCount => ref _fields.StepCount;

    public void Reset()
    {
        IsStarted = IsFresh = IsFinished = IsFused = IsWorker = false;
        Body = null;
        Vcpu = -1;
        Pending = default;
        Waits = Wait.None;
        History = (ulong)Index + 1;
        Place = Knowledge = History;
        ExclusiveLocks = SharedLocks = 0;
        Array.Clear(RcuDepth);
        Readers = 0;
        FlushUpTo = 0;
        ReadCount = ReleaseCount = RepeatedReads = StoredWord = 0;
        Buffer.Clear();
        StepCount = StepsSeen = TurnLeft = Period = 0;
        _own.Clear();
        _trail.Clear();
        Works = MayNotSleep = false;
        TurnHash = 0;
        Step = null;
        Phase = 0;
    }

    /// <summary>While its steps are recalled: something about it has changed since it was kept or put back last. Whoever changes
    /// it says so.</summary>
    public bool HasChanged { get; set; }

    /// <summary>Nothing is kept any more.</summary>
    public void ForgetKept()
    {
        _top = -1;
        HasChanged = true;
    }

    /// <summary>Keeps all that it is but for its thread. The number to put it back by: the last one's if nothing has changed.
    /// Those above a number that is put back are void.</summary>
    public int Keep()
    {
        if (!HasChanged) return _top;
        HasChanged = false;
        if (++_top == _kept.Count) _kept.Add(new RecalledState.AgentState());
        RecalledState.AgentState state = _kept[_top];
        state.Fields = _fields;
        if (ReadCount != 0) Reads.AsSpan(0, ReadCount).CopyTo(state.Reads);
        if (ReleaseCount != 0) Releases.AsSpan(0, ReleaseCount).CopyTo(state.Releases);
        Copy(_own, state.Own);
        RcuDepth.CopyTo(state.RcuDepth, 0);
        return _top;
    }

    public void PutBack(int number)
    {
        if (number == _top && !HasChanged) return;
        (_top, HasChanged) = (number, false);
        RecalledState.AgentState state = _kept[number];
        _fields = state.Fields;
        if (ReadCount != 0) state.Reads.AsSpan(0, ReadCount).CopyTo(Reads);
        if (ReleaseCount != 0) state.Releases.AsSpan(0, ReleaseCount).CopyTo(Releases);
        Copy(state.Own, _own);
        state.RcuDepth.CopyTo(RcuDepth, 0);
    }

    private static void Copy<T>(List<T> from, List<T> to)
    {
        if (to.Count != 0) to.Clear();
        if (from.Count != 0) to.AddRange(from);
    }

    /// <summary>Books a read for the spin loop that the agent may be in. Returns false if it found nothing new.</summary>
    public bool NoteRead(int word, ulong value)
    {
        int own = PlaceOfOwn(word);
        if (own >= 0 && _own[own].Value == value)
        {
            bool isNew = !_own[own].IsSeen;
            _own[own] = (word, value, true);
            return isNew;
        }
        // Somebody wrote in the middle of this turn: alone it would have gone another way, also if the word is as it was before.
        if (own >= 0) Add(word, _own[own].Value);
        return Add(word, value);
    }

    private int PlaceOfOwn(int word)
    {
        for (int at = 0; at < _own.Count; at++) if (_own[at].Word == word) return at;
        return -1;
    }

    private bool Add(int word, ulong value)
    {
        for (int at = 0; at < ReadCount; at++) if (Reads[at].Word == word && Reads[at].Value == value) return false;
        if (ReadCount < ReadsMax) Reads[ReadCount++] = (word, value);
        return true;
    }

    /// <summary>Books a write. What the word held before the first of a turn is what it must differ from for the turn to have
    /// changed anything.</summary>
    public void NoteWrite(int word, ulong old, ulong value)
    {
        Works = true;
        int own = PlaceOfOwn(word);
        if (own >= 0) _own[own] = (word, value, false);
        else
        {
            bool isKnown = false;
            for (int at = 0; at < ReadCount; at++) isKnown |= Reads[at].Word == word;
            if (!isKnown) NoteRead(word, old);
            _own.Add((word, value, false));
        }
    }

    /// <summary>Books an event. The length of a turn if the last turns were alike, else zero.</summary>
    public int NoteEvent(ulong hash)
    {
        _trail.Add(hash);
        if (_trail.Count < PeriodMax * TurnsAlike) return 0;
        int period = 1;
        while (period <= PeriodMax && !Repeats(period)) period++;
        _trail.Clear();
        return period <= PeriodMax ? period : 0;
    }

    private bool Repeats(int period)
    {
        for (int at = _trail.Count - 1; at >= _trail.Count - period * (TurnsAlike - 1); at--)
        {
            if (_trail[at] != _trail[at - period]) return false;
        }
        return true;
    }

    public void NoteRelease(int theLock, long releases)
    {
        for (int at = 0; at < ReleaseCount; at++)
        {
            if (Releases[at].Lock != theLock) continue;
            Releases[at].Releases = releases;
            return;
        }
        if (ReleaseCount < Releases.Length) Releases[ReleaseCount++] = (theLock, releases);
    }

    /// <summary>A turn of a loop begins.</summary>
    public void ForgetReads()
    {
        ReadCount = ReleaseCount = RepeatedReads = 0;
        _own.Clear();
        Works = false;
        TurnHash = 0;
    }

    /// <summary>All that is left of what it has seen is what it keeps.</summary>
    public void Collapse(ulong kept)
    {
        ForgetReads();
        History = AgentController.Mix((ulong)Index + 1, kept, AgentController.Salt.Collapsed);
        Knowledge = AgentController.Mix(History, AgentController.Salt.Collapsed, kept);
    }

    /// <summary>Its code has heard something of the machine, or is told that an operation is done.</summary>
    public void Learn(ulong what, ulong value) => Place = Knowledge = AgentController.Mix(Knowledge, what, value);

    /// <summary>It says where its turns end: nothing is to be found out about them.</summary>
    public void ForgetTrail()
    {
        _trail.Clear();
        TurnLeft = Period = 0;
    }
}
