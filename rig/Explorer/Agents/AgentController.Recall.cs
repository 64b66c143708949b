using Lab.Explorer.Model;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Agents;

/// <summary>Steps that are recalled: agents' operations are applied to the state of the machine without any agent running, as
/// long as it is known from other executions what their code does in between.</summary>
/// <remarks>An operation is done by the same methods as in a run; here it stops in front of a choice by returning. What a VM
/// knows beside its words is in <see cref="VmFacts"/>.</remarks>
internal sealed unsafe partial class AgentController
{
    // SAFETY: addresses are those of words under control, or of memory that an agent's code was seen to write to at this point.
    /// <summary>Writes steps down while executions run; null for nobody.</summary>
    public StepRecorder? Learner { get; set; }

    /// <summary>The learner, while agents run.</summary>
    public StepRecorder? Recorder { get; private set; }

    private List<(nint Word, ulong Before)>? _undo;
    private LocalSteps _steps = null!;
    private MemoryShadow _shadow = null!;

    /// <summary>Says whether the agent's caller may sleep from here on.</summary>
    public void SetMayNotSleep(Agent me, bool value)
    {
        Recorder?.Add(me, new LocalEffect(value ? LocalEffectKind.MayNotSleep : LocalEffectKind.MaySleep));
        me.MayNotSleep = value;
    }

    /// <summary>Of an execution that has been set up: its agents' steps are recalled from here on.</summary>
    public void BeginRecall(LocalSteps steps, MemoryShadow shadow)
    {
        (_steps, _shadow) = (steps, shadow);
        _undo = [];
        _direct = false;
        for (int index = 0; index < _count; index++)
        {
            _agents[index].ForgetKept();
            _agents[index].IsFresh = true;
            _agents[index].Phase = 0;
            _agents[index].Step = null;
            (_agents[index].Pending, _agents[index].Waits) = _firsts[index];
        }
        _footprint = default;
    }

    /// <summary>What was recalled is of no use any more: a VM is about to be made.</summary>
    public void EndRecall()
    {
        _direct = true;
        _undo = null;
        Watch!.Facts = null;
    }

    /// <summary>How a stretch of recalled steps ended.</summary>
    public enum Stretch
    {
        /// <summary>At a choice, or at the agent's end.</summary>
        Choice,

        /// <summary>What the agent does next is not known.</summary>
        Unknown,

        /// <summary>A promise is broken.</summary>
        Broken,

        /// <summary>It goes on for so long that only a run can tell what it is at.</summary>
        TooLong,
    }

    /// <summary>Asks the guide, as in a run; −1 if the execution ends here.</summary>
    public int ChooseRecalled(IGuide guide, int current, out ExecutionEnd end)
    {
        _guide = guide;
        _end = ExecutionEnd.Complete;
        int pick = Choose(current);
        end = _end;
        return pick;
    }

    /// <summary>The present execution has recalled a step 32 times as often as when it was run last: whether its code still does
    /// the same is to be looked at.</summary>
    public bool HasUsedStepOften { get; private set; }

    /// <summary>The choice is made already.</summary>
    public void TakePick(int pick)
    {
        _footprint = default;
        HasUsedStepOften = false;
        Picks.Add((byte)pick);
    }

    /// <summary>After a run in between: what the last stretch touched.</summary>
    public void PutBack(in Footprint footprint) => _footprint = footprint;

    /// <summary>The agent goes on from its choice to the next.</summary>
    public Stretch GoOn(int index)
    {
        Agent me = _agents[index];
        _current = index;
        me.HasChanged = true;
        me.Waits = Wait.None;
        if (me.Step is null)
        {
            // It starts: what it does until it comes to the event that it was chosen for, nobody can see.
            if (Come(me) is { } end) return end;
        }
        while (true)
        {
            if (!Do(me)) return Finding is null ? Stretch.Choice : Stretch.Broken;
            if (Finding is not null) return Stretch.Broken;
            if (me.IsFinished) return Stretch.Choice;
            if (Come(me) is { } end) return end;
        }
    }

    /// <summary>The agent's code runs to its next operation. Null if that needs no choice.</summary>
    private Stretch? Come(Agent me)
    {
        if (Following(me) is not { } step) return Stretch.Unknown;
        me.Step = step;
        me.Phase = 0;
        HasUsedStepOften |= step.Use();
        foreach (ref readonly LocalEffect effect in step.Effects.AsSpan()) Apply(me, effect);
        if (Finding is not null) return Stretch.Broken;
        if (step.Next.Kind is LocalOpKind.End or LocalOpKind.LoadPlain) return null;
        Steps++;
        AllSteps++;
        if (++me.StepCount > StepsOfALoop) return Stretch.TooLong;
        if (!Announce(me, step.Next)) return null;
        if (!me.IsFresh) return Finding is null ? Stretch.Choice : Stretch.Broken;
        me.IsFresh = false;
        me.Waits = Wait.None;
        return null;
    }

    private LocalStep? Following(Agent me)
    {
        if (me.Step is not { } before) return _steps.After(me.Place);
        if (before.Last.Place == me.Place) return before.Last.Step;
        LocalStep? step = _steps.After(me.Place);
        if (step is not null) before.Last = (me.Place, step);
        return step;
    }

    private void Apply(Agent me, in LocalEffect effect)
    {
        switch (effect.Kind)
        {
            case LocalEffectKind.Poke:
                Poke(effect.Place, effect.A);
                break;
            case LocalEffectKind.PokeRootId:
                Poke(effect.Place, effect.A == 0 ? 0 : TdpRoot.FromWord(effect.A).Id);
                break;
            case LocalEffectKind.RootMade:
                Watch!.Recall(TdpRoot.FromWord((ulong)effect.Place), out nint word, out ulong id);
                Poke(word, id);
                break;
            case LocalEffectKind.Freed:
                NoteFreed(effect.Place, (int)effect.A);
                break;
            case LocalEffectKind.Collapse:
                me.Collapse(effect.A);
                break;
            case LocalEffectKind.MaySleep or LocalEffectKind.MayNotSleep:
                me.MayNotSleep = effect.Kind == LocalEffectKind.MayNotSleep;
                break;
            case LocalEffectKind.Violated:
                Report(new Finding("recalled", "The code under exploration keeps its promises.", $"{me.Name} broke one"));
                break;
            default:
                Watch!.Apply(me, effect);
                break;
        }
    }

    private void Poke(nint word, ulong value)
    {
        ulong before = *(ulong*)word;
        if (before == value) return;
        _undo!.Add((word, before));
        *(ulong*)word = value;
    }

    /// <summary>What is about to be freed can be put back.</summary>
    private void LogOf(nint node, RcuKind kind) =>
        _shadow.ForEachWord(node, kind, word => _undo!.Add((word, *(ulong*)word)));

    /// <summary>What comes before an operation's first choice. True if there is one.</summary>
    private bool Announce(Agent me, in LocalOp op)
    {
        Operation Of(OperationKind kind, int target) => new(kind, target);
        switch (op.Kind)
        {
            case LocalOpKind.Load:
                return AnnounceAccess(me, op.Word, OperationKind.Load, isWrite: false);
            case LocalOpKind.Store:
                me.RepeatedReads = 0;
                return AnnounceAccess(me, op.Word, OperationKind.Store, isWrite: true);
            case LocalOpKind.Modify:
                me.RepeatedReads = me.StoredWord = 0;
                return AnnounceAccess(me, op.Word, OperationKind.Modify, isWrite: true);
            case LocalOpKind.Wake:
                me.RepeatedReads = me.StoredWord = 0;
                return AnnounceAccess(me, SleepersOf(op.Word), OperationKind.Modify, isWrite: true);
            case LocalOpKind.AwaitWake:
                me.ForgetTrail();
                if (me.MayNotSleep) CheckMaySleep(me, $"sleeps on {WordName(op.Word)}");
                me.RepeatedReads = me.StoredWord = 0;
                int asleep = NumberOf(SleepersOf(op.Word));
                NoteUse(me, NumberOf(op.Word), isWrite: false);
                return AnnounceAccess(me, SleepersOf(op.Word), OperationKind.Modify, isWrite: true);
            case LocalOpKind.Relax:
                me.ForgetTrail();
                return AnnounceTurn(me);
            case LocalOpKind.EnterExclusive or LocalOpKind.EnterShared:
                LockState state = _locks[op.Thing];
                bool exclusive = op.Kind == LocalOpKind.EnterExclusive;
                me.StoredWord = 0;
                if (state.IsSleptFor) CheckMaySleep(me, "takes ", state.Thing);
                me.IsFused = false;
                if (!exclusive) CheckNotShared(me, state, state.Thing);
                return Stop(me, Of(exclusive ? OperationKind.EnterExclusive : OperationKind.EnterShared, LockTarget + op.Thing),
                    exclusive ? Wait.Exclusive : Wait.Shared);
            case LocalOpKind.Reinitialise:
                me.IsFused = false;
                return Stop(me, Of(OperationKind.EnterExclusive, LockTarget + op.Thing));
            case LocalOpKind.IsContended:
                me.IsFused = false;
                return Stop(me, Of(OperationKind.IsContended, WaitersTarget + op.Thing));
            case LocalOpKind.Synchronize:
                me.IsFused = false;
                if (me.MayNotSleep) CheckMaySleep(me, $"waits for the grace period of {_domainNames[op.Thing]}");
                me.StoredWord = 0;
                return Stop(me, Of(OperationKind.Synchronize, DomainTarget + op.Thing));
            case LocalOpKind.Barrier:
                me.IsFused = false;
                return Stop(me, Of(OperationKind.Barrier, DomainTarget + op.Thing), Wait.Callbacks);
            case LocalOpKind.Queue:
                me.StoredWord = 0;
                me.IsFused = false;
                return Stop(me, Of(OperationKind.Queue, QueueTarget + op.Thing));
            case LocalOpKind.Flush:
                me.IsFused = false;
                if (me.MayNotSleep) CheckMaySleep(me, $"flushes {_queues[op.Thing].Name}");
                me.StoredWord = 0;
                return Stop(me, Of(OperationKind.Flush, QueueTarget + op.Thing));
            case LocalOpKind.TakeItem:
                me.IsFused = false;
                return Stop(me, Of(OperationKind.Work, QueueTarget + op.Thing), Wait.Item);
            case LocalOpKind.AwaitOthers:
                return Stop(me, Of(OperationKind.Everything, 0), Wait.Others);
            default:
                if (op.Kind is LocalOpKind.ExitExclusive or LocalOpKind.ExitShared or LocalOpKind.CallRcu or LocalOpKind.Fence)
                {
                    me.StoredWord = 0;
                }
                return false;
        }
    }

    private bool AnnounceAccess(Agent me, nint word, OperationKind kind, bool isWrite)
    {
        int number = NumberOf(word);
        NoteUse(me, number, isWrite);
        bool fused = me.IsFused;
        me.IsFused = false;
        return _words[number].IsShared && !fused && Stop(me, new Operation(kind, number));
    }

    private bool AnnounceTurn(Agent me)
    {
        me.StepsSeen = Steps;
        return Stop(me, OfTurn(me), Wait.Change);
    }

    /// <summary>The agent is in front of a choice. Always true.</summary>
    private static bool Stop(Agent me, Operation next, Wait waits = Wait.None)
    {
        me.Pending = next;
        me.Waits = waits;
        return true;
    }

    /// <summary>The agent's operation, from its last choice on. False if it comes to another.</summary>
    private bool Do(Agent me)
    {
        LocalOp op = me.Step!.Next;
        switch (op.Kind)
        {
            case LocalOpKind.Load:
                return DoLoad(me, op);
            case LocalOpKind.LoadPlain:
                me.Learn((ulong)op.Word, *(ulong*)op.Word);
                return true;
            case LocalOpKind.Store:
                Put(me, NumberOf(op.Word), op.Word, op.A);
                return true;
            case LocalOpKind.Modify:
                Modify(me, NumberOf(op.Word), op.Word, (Modification)op.Thing, op.A, op.B);
                return true;
            case LocalOpKind.Fence:
                DrainEverybody();
                me.Learn(Salt.Turn, 2);
                return true;
            case LocalOpKind.Relax:
                EndTurn(me, 0);
                return true;
            case LocalOpKind.AwaitWake:
                if (me.Phase == 0)
                {
                    if (!FallAsleep(me, op.Word, op.A)) return true;
                    me.Phase = 1;
                    return !Stop(me, new Operation(OperationKind.Load, NumberOf(SleepersOf(op.Word))), Wait.Woken);
                }
                _footprint.Read(NumberOf(SleepersOf(op.Word)));
                EndTurn(me, 1);
                return true;
            case LocalOpKind.Wake:
                WakeAll(me, op.Word);
                return true;
            case LocalOpKind.EnterExclusive:
                return DoExclusive(me, _locks[op.Thing]);
            case LocalOpKind.EnterShared:
                return DoShared(me, _locks[op.Thing]);
            case LocalOpKind.ExitExclusive:
                LeaveExclusive(me, _locks[op.Thing], _locks[op.Thing].Thing);
                return true;
            case LocalOpKind.ExitShared:
                LeaveShared(me, _locks[op.Thing], _locks[op.Thing].Thing);
                return true;
            case LocalOpKind.Reinitialise:
                MakeAnew(me, _locks[op.Thing]);
                return true;
            case LocalOpKind.IsContended:
                LookWhoWaits(me, _locks[op.Thing]);
                return true;
            case LocalOpKind.EnterRcu:
                EnterSection(me, op.Thing);
                return true;
            case LocalOpKind.ExitRcu:
                LeaveSection(me, op.Thing);
                return true;
            case LocalOpKind.Synchronize:
                Operation wait = new(OperationKind.Synchronize, DomainTarget + op.Thing);
                if (me.Phase == 0)
                {
                    BeginGracePeriod(me, op.Thing);
                    me.Phase = 1;
                    if (me.Readers != 0) return !Stop(me, wait, Wait.Readers);
                }
                See(me, wait.Target, 0, OperationKind.Synchronize);
                return true;
            case LocalOpKind.CallRcu:
                HandToGracePeriod(me, op.Thing, op.Word, (RcuKind)op.A);
                return true;
            case LocalOpKind.Barrier:
                See(me, DomainTarget + op.Thing, 0, OperationKind.Barrier);
                return true;
            case LocalOpKind.Queue:
                Put(me, _queues[op.Thing], TdpRoot.FromWord((ulong)op.Word));
                return true;
            case LocalOpKind.Flush:
                return DoFlush(me, _queues[op.Thing]);
            case LocalOpKind.TakeItem:
                Take(me, _queues[op.Thing]);
                return true;
            case LocalOpKind.FinishItem:
                Finish(me, _queues[op.Thing]);
                return true;
            case LocalOpKind.AwaitOthers:
                BeLast(me);
                return true;
            default:
                CheckHoldsNothing(me);
                me.IsFinished = true;
                me.History = Mix((ulong)me.Index, Salt.Finished, 0);
                return true;
        }
    }

    private bool DoLoad(Agent me, in LocalOp op)
    {
        int number = NumberOf(op.Word);
        if (me.Phase == 1)
        {
            EndTurn(me, 0);
            Watch?.OnAccess(me, op.Word, OperationKind.Load, me.Loaded, me.Loaded);
            return true;
        }
        me.Loaded = Look(me, number, op.Word, out bool spins);
        if (spins)
        {
            me.Phase = 1;
            return !AnnounceTurn(me);
        }
        Watch?.OnAccess(me, op.Word, OperationKind.Load, me.Loaded, me.Loaded);
        return true;
    }

    private bool DoExclusive(Agent me, LockState state)
    {
        if (me.Phase == 0 && !state.CanEnter(me, exclusive: true))
        {
            _footprint.Write(LockTarget + state.Number);
            Arrive(me, state, state.Thing, exclusive: true);
            me.Phase = 1;
            return !Stop(me, new Operation(OperationKind.EnterExclusive, LockTarget + state.Number), Wait.Exclusive);
        }
        TakeExclusive(me, state, state.Thing);
        return true;
    }

    private bool DoShared(Agent me, LockState state)
    {
        if (me.Phase == 0)
        {
            state.DowngradedBy = -1;
            if (!state.CanEnter(me, exclusive: false))
            {
                _footprint.Read(LockTarget + state.Number);
                Arrive(me, state, state.Thing, exclusive: false);
                me.Phase = 1;
                return !Stop(me, new Operation(OperationKind.EnterShared, LockTarget + state.Number), Wait.Shared);
            }
        }
        TakeShared(me, state, state.Thing);
        return true;
    }

    private bool DoFlush(Agent me, QueueState state)
    {
        Operation wait = new(OperationKind.Flush, QueueTarget + state.Number);
        if (me.Phase == 0)
        {
            me.Phase = 1;
            if (!BeginFlush(me, state)) return !Stop(me, wait, Wait.Flush);
        }
        _footprint.Read(QueueTarget + state.Number);
        See(me, QueueTarget + state.Number, 0, OperationKind.Flush);
        return true;
    }
}
