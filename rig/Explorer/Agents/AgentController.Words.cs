using System.Numerics;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Agents;

/// <summary>Shared words: what is in them, who uses them, and which accesses need a choice.</summary>
internal sealed unsafe partial class AgentController
{
    // SAFETY: words are in native memory (the contract of Explored) that SmallMemory, a VM's blocks or a scene's pool keep mapped
    // until no agent of the execution is left.
    /// <summary>Loads in a row that find nothing new after which the agent is taken to spin.</summary>
    private const int RepeatedReadsMax = 24;

    private readonly Dictionary<nint, int> _wordAt = [];
    private readonly MemoryModel _model;
    private WordUse[] _words = new WordUse[256];
    private int _wordCount;
    private ulong _memoryHash;
    private nint _published;
    private LockState? _slotsLock;

    /// <summary>A word was found to be shared that was not known to be: explore again from the start.</summary>
    public bool WordsChanged { get; set; }

    /// <summary>Every access is a choice, also one that needs none: how a schedule is recorded, so that it does not depend on
    /// what was learnt.</summary>
    public bool StopsEverywhere
    {
        get;
        set
        {
            field = value;
            _firsts.Clear();
        }
    }

    /// <summary>Beside <see cref="StopsEverywhere"/>: the execution is being recorded. Which stores need no buffer has been
    /// learnt; in the record they are drained by picks, so that whoever follows it need not know.</summary>
    public bool RecordsDrains { get; set; }

    /// <summary>The present choice is there only because of <see cref="StopsEverywhere"/>: the agent goes on.</summary>
    public bool IsFinePoint { get; private set; }

    /// <summary>An agent has loaded a shared word after it stored to another and before anything that drains a store buffer: with
    /// store buffers there are executions more. Where no agent ever does, there are none.</summary>
    public bool MayOvertake { get; private set; }

    /// <summary>Words that need a choice before each access.</summary>
    public int SharedWords { get; private set; }

    public override ulong Load(nint word)
    {
        if (_direct) return *(ulong*)word;
        Agent me = Enter(new LocalOp(LocalOpKind.Load, word));
        int number = NumberOf(word);
        PointFor(me, number, OperationKind.Load, isWrite: false);
        ulong value = Look(me, number, word, out bool spins);
        if (spins) AwaitChange(me);
        Watch?.OnAccess(me, word, OperationKind.Load, value, value);
        Teller?.Tell(me, OperationKind.Load, word, value, value);
        return value;
    }

    /// <summary>The word that says which slots are published, and the lock that their updates are made under.</summary>
    public void SetPublished(nint word, object slotsLock) => (_published, _slotsLock) = (word, StateOf(slotsLock));

    public override ulong LoadPlain(nint word)
    {
        ulong value = *(ulong*)word;
        if (_direct || _ending) return value;
        Agent me = _agents[_current];
        Recorder?.At(me, new LocalOp(LocalOpKind.LoadPlain, word));
        me.Learn((ulong)word, value);
        return value;
    }

    /// <summary>The agent loads the word. It spins if it has found nothing new for long: then a turn of a loop ends
    /// here.</summary>
    private ulong Look(Agent me, int number, nint word, out bool spins)
    {
        MayOvertake |= me.StoredWord != 0 && me.StoredWord != number && _words[number].IsShared;
        ulong value = Visible(me, number, word);
        _footprint.Read(number);
        See(me, number, value, OperationKind.Load);
        if (word == _published && _slotsLock is { } updates)
        {
            // How often there was an update does not say which: what is published follows from who came in which order.
            me.Learn(updates.ExclusiveHash, (ulong)(updates.Owner + 1));
        }
        spins = !me.NoteRead(number, value) && ++me.RepeatedReads > RepeatedReadsMax;
        return value;
    }

    public override void Store(nint word, ulong value)
    {
        if (!_direct) Watch?.Chains?.OnRelease(_agents[_current]);
        Put(word, value);
    }

    private void Put(nint word, ulong value)
    {
        if (_direct)
        {
            *(ulong*)word = value;
            return;
        }
        Agent me = Enter(new LocalOp(LocalOpKind.Store, word, A: value));
        me.RepeatedReads = 0;
        int number = NumberOf(word);
        NoteUse(me, number, isWrite: true);
        bool goesStraight = !_words[number].IsShared && me.Buffer.Count == 0;
        if (_model == MemoryModel.Tso && (StopsEverywhere || !goesStraight))
        {
            me.NoteWrite(number, Visible(me, number, word), value);
            // Into the agent's own buffer: nobody can see that. Memory gets it in a step of its own.
            See(me, number, value, OperationKind.Store);
            me.Buffer.Add((number, value));
            Teller?.Tell(me, OperationKind.Store, word, value, value);
            if (!StopsEverywhere) return;
            if (goesStraight && RecordsDrains)
            {
                Picks.Add((byte)(FirstDrain + me.Index));
                Drain(me);
            }
            IsFinePoint = true;
            Point(me, new Operation(OperationKind.Store, number));
            IsFinePoint = false;
            return;
        }
        PointFor(me, number, OperationKind.Store, isWrite: true);
        Put(me, number, word, value);
    }

    private void Put(Agent me, int number, nint word, ulong value)
    {
        if (_words[number].IsShared) me.StoredWord = number;
        ulong old = *(ulong*)word;
        me.NoteWrite(number, old, value);
        Write(number, word, old, value);
        See(me, number, value, OperationKind.Store);
        Watch?.OnAccess(me, word, OperationKind.Store, old, value);
        Teller?.Tell(me, OperationKind.Store, word, old, value);
    }

    public override void StoreRelaxed(nint word, ulong value)
    {
        if (!_direct) Watch?.Chains?.OnRelaxedStore(_agents[_current], word);
        Put(word, value);
    }

    public override ulong Modify(nint word, Modification how, ulong operand, ulong comparand)
    {
        ulong old = *(ulong*)word;
        if (_direct)
        {
            if (how != Modification.CompareExchange || old == comparand) *(ulong*)word = Apply(how, old, operand);
            return old;
        }
        Agent me = Enter(new LocalOp(LocalOpKind.Modify, word, (int)how, operand, comparand));
        Watch?.Chains?.OnRelease(me);
        me.RepeatedReads = me.StoredWord = 0;
        int number = NumberOf(word);
        PointForLocked(me, number);
        return Modify(me, number, word, how, operand, comparand);
    }

    private ulong Modify(Agent me, int number, nint word, Modification how, ulong operand, ulong comparand)
    {
        ulong old = *(ulong*)word;
        me.NoteRead(number, old);
        bool writes = how != Modification.CompareExchange || old == comparand;
        ulong fresh = writes ? Apply(how, old, operand) : old;
        if (writes)
        {
            me.NoteWrite(number, old, fresh);
            Write(number, word, old, fresh);
        }
        else _footprint.Read(number);
        See(me, number, old, OperationKind.Modify);
        Watch?.OnAccess(me, word, writes ? OperationKind.Modify : OperationKind.Load, old, fresh);
        Teller?.Tell(me, OperationKind.Modify, word, old, fresh);
        return old;
    }

    public override void Fence()
    {
        if (_direct) return;
        Agent me = Enter(new LocalOp(LocalOpKind.Fence));
        AwaitDrained(me, new Operation(OperationKind.Everything, 0));
        me.Learn(Salt.Turn, 2);
    }

    public override void Interrupt()
    {
        if (_direct) return;
        Agent me = Enter(new LocalOp(LocalOpKind.Fence));
        AwaitDrained(me, new Operation(OperationKind.Everything, 0));
        DrainEverybody();
        me.Learn(Salt.Turn, 2);
    }

    public override void Relax()
    {
        if (_direct) return;
        Agent me = Enter(new LocalOp(LocalOpKind.Relax));
        me.ForgetTrail();
        if (me.StepCount > StepsOfALoop && GoesRound(me))
        {
            Report(Livelock("each undoes what the others do, and nobody is left to end that"));
        }
        AwaitChange(me);
    }

    public override long Timestamp() => Steps;

    /// <summary>End of a turn of a loop that waits: the agent cannot go on until a word is not as it was when the agent looked
    /// at it first in the turn. A turn that has changed something itself has a next one; one that has put everything back would
    /// be made again just the same.</summary>
    private void AwaitChange(Agent me)
    {
        // If it has looked at nothing the machine does not show what it waits for: any step of anybody may bring it.
        me.StepsSeen = Steps;
        Point(me, OfTurn(me), Wait.Change);
        EndTurn(me, 0);
    }

    /// <summary>What an agent that waits for a change is at.</summary>
    private static Operation OfTurn(Agent me) => new(OperationKind.Load, me.ReadCount == 0 ? 0 : me.Reads[0].Word);

    private void EndTurn(Agent me, ulong how)
    {
        for (int at = 0; at < me.ReadCount && how == 0; at++) _footprint.Read(me.Reads[at].Word);
        me.History = Mix(me.History, Salt.Turn, how);
        me.Learn(Salt.Turn, how);
        me.ForgetReads();
        Teller?.BeginTurn(me);
    }

    /// <summary>A loop that does not say that it waits shows by making one turn like the other. Its turns are taken to end where
    /// it holds the fewest locks.</summary>
    private void LookForTurns(Agent me)
    {
        if (me.TurnLeft == 0)
        {
            if (me.Period == 0)
            {
                me.Period = me.PeriodLeft = me.NoteEvent(me.LastEvent);
                me.LocksLeast = int.MaxValue;
                return;
            }
            int locks = BitOperations.PopCount(me.ExclusiveLocks | me.SharedLocks);
            me.LocksLeast = Math.Min(me.LocksLeast, locks);
            if (--me.PeriodLeft >= 0 || locks > me.LocksLeast) return;
            me.TurnLeft = me.Period;
            me.ForgetReads();
            Teller?.BeginTurn(me);
            return;
        }
        if (--me.TurnLeft > 0) return;
        me.TurnLeft = me.Period;
        AwaitChange(me);
    }

    private bool HasChanged(Agent me)
    {
        if (me.ReadCount == 0 && me.ReleaseCount == 0) return Steps != me.StepsSeen;
        for (int at = 0; at < me.ReadCount; at++)
        {
            if (Visible(me, me.Reads[at].Word, _words[me.Reads[at].Word].Address) != me.Reads[at].Value) return true;
        }
        for (int at = 0; at < me.ReleaseCount; at++)
        {
            if (_locks[me.Releases[at].Lock].Releases != me.Releases[at].Releases) return true;
        }
        return false;
    }

    /// <summary>True if a store of the agent to the word has not reached memory.</summary>
    public bool Buffers(Agent me, nint word) => me.Buffer.Any(one => _words[one.Word].Address == word);

    private ulong Visible(Agent me, int number, nint word)
    {
        for (int at = me.Buffer.Count - 1; at >= 0; at--) if (me.Buffer[at].Word == number) return me.Buffer[at].Value;
        return *(ulong*)word;
    }

    /// <summary>The oldest store of the agent's buffer reaches memory.</summary>
    private void Drain(Agent owner)
    {
        (int number, ulong value) = owner.Buffer[0];
        owner.Buffer.RemoveAt(0);
        nint word = _words[number].Address;
        ulong old = *(ulong*)word;
        Write(number, word, old, value);
        Watch?.OnAccess(owner, word, OperationKind.Store, old, value);
        Teller?.Tell(owner, OperationKind.Drain, word, old, value);
    }

    /// <summary>Stops until the agent's stores have reached memory, each in a step of its own that others may come in front
    /// of.</summary>
    private void AwaitDrained(Agent me, Operation next)
    {
        me.StoredWord = 0;
        if (me.Buffer.Count == 0) return;
        me.IsFused = false;
        Point(me, next, Wait.Drained);
        See(me, 0, 0, OperationKind.Drain);
    }

    /// <summary>The interrupt that makes every running thread pass a full fence. Stores that reached memory before it did so in
    /// steps of their own.</summary>
    private void DrainEverybody()
    {
        for (int index = 0; index < _count; index++)
        {
            _agents[index].StoredWord = 0;
            _agents[index].HasChanged = true;
            while (_agents[index].Buffer.Count != 0) Drain(_agents[index]);
        }
    }

    private void Write(int number, nint word, ulong old, ulong value)
    {
        _footprint.Write(number);
        if (old == value) return;
        if (_undo is { } undo) undo.Add((word, old));
        *(ulong*)word = value;
        Recorder?.Wrote(word, value);
        // The sum over all words of their change since the start: zero again when the old value is back.
        _memoryHash += Mix((ulong)number, value, 1) - Mix((ulong)number, old, 1);
    }

    private static ulong Apply(Modification how, ulong old, ulong operand) => how switch
    {
        Modification.Add => unchecked(old + operand),
        Modification.Or => old | operand,
        Modification.And => old & operand,
        _ => operand,
    };

    private static void See(Agent me, int target, ulong value, OperationKind kind)
    {
        ulong what = ((ulong)target << 8) | (ulong)kind;
        me.LastEvent = Mix(what, value, Salt.Event);
        me.History = Mix(me.History, what, value);
        me.TurnHash = Mix(me.TurnHash, what, value);
        me.Learn(what, value);
    }

    private int NumberOf(nint word)
    {
        if (_wordAt.TryGetValue(word, out int number)) return number;
        number = ++_wordCount;
        if (number == _words.Length) Array.Resize(ref _words, 2 * number);
        _words[number] = new WordUse { Address = word, ReadLocks = ulong.MaxValue, WriteLocks = ulong.MaxValue };
        _wordAt.Add(word, number);
        return number;
    }

    private void PointFor(Agent me, int number, OperationKind kind, bool isWrite)
    {
        NoteUse(me, number, isWrite);
        bool fused = me.IsFused;
        me.IsFused = false;
        bool needsChoice = _words[number].IsShared && !fused;
        if (!needsChoice && !StopsEverywhere) return;
        IsFinePoint = !needsChoice;
        Point(me, new Operation(kind, number));
        IsFinePoint = false;
    }

    /// <summary>In front of an instruction that drains the agent's store buffer.</summary>
    private void PointForLocked(Agent me, int number)
    {
        if (me.Buffer.Count == 0) PointFor(me, number, OperationKind.Modify, isWrite: true);
        else
        {
            NoteUse(me, number, isWrite: true);
            AwaitDrained(me, new Operation(OperationKind.Modify, number));
        }
    }

    private void NoteUse(Agent me, int number, bool isWrite)
    {
        ref WordUse use = ref _words[number];
        use.Agents |= 1u << me.Index;
        if (isWrite)
        {
            use.IsWritten = true;
            use.WriteLocks &= me.ExclusiveLocks;
        }
        else
        {
            use.ReadLocks &= me.ExclusiveLocks | me.SharedLocks;
        }
        if (use.IsShared || !use.IsWritten || (use.Agents & (use.Agents - 1)) == 0) return;
        // Who writes holds a lock exclusively that who reads holds at least shared: the order of the accesses is the lock's.
        if ((use.WriteLocks & (use.ReadLocks == ulong.MaxValue ? ulong.MaxValue : use.ReadLocks)) != 0) return;
        use.IsShared = true;
        SharedWords++;
        WordsChanged = true;
        _firsts.Clear();
    }

    /// <summary>Memory is freed: a write to every word of it, by whoever ran the callback. The grace period keeps it apart from
    /// read-side sections as a lock would. It is not told apart from sections of mmu_lock either: a root is off the list before
    /// it is freed, and gets off it under that lock; who uses a stale pointer inside a section finds the memory freed when the
    /// whole section comes later. Who reads outside of both may be overtaken.</summary>
    public void NoteFreed(nint begin, int bytes)
    {
        if (_direct) return;
        Agent me = _agents[_current];
        Recorder?.Add(me, new LocalEffect(LocalEffectKind.Freed, begin, (ulong)bytes));
        ulong held = me.ExclusiveLocks;
        me.ExclusiveLocks |= AllDomains | (_lockNumbers.TryGetValue("mmu_lock", out int mmuLock) ? 1UL << mmuLock : 0);
        for (nint word = begin; word < begin + bytes; word += sizeof(ulong))
        {
            if (_wordAt.TryGetValue(word, out int number)) NoteUse(me, number, isWrite: true);
        }
        me.ExclusiveLocks = held;
    }

    private void ResetWords()
    {
        _memoryHash = 0;
        _rounds.Clear();
        _roundBegan = 0;
    }

    /// <summary>What is known about a word, over all executions.</summary>
    private struct WordUse
    {
        public nint Address;
        public uint Agents;
        public bool IsWritten;
        public bool IsShared;

        /// <summary>Locks that every reader held, in either mode.</summary>
        public ulong ReadLocks;

        /// <summary>Locks that every writer held exclusively.</summary>
        public ulong WriteLocks;
    }
}
