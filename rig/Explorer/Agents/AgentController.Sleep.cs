using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Agents;

/// <summary>Sleep on a word, and wake-ups: who sleeps goes on when it is woken and not before, however the word changes. It is
/// not woken for nothing, though it might be: loops that look again cope, and those that do not are not found.</summary>
internal sealed unsafe partial class AgentController
{
    // SAFETY: a word of sleepers lies in the block, which is mapped as long as its owner lives; awaited words as all others.
    private const int SleptOnMax = 64;
    private readonly NativeBlock _sleepers = new(4096);
    private readonly Dictionary<nint, nint> _sleepersOf = [];

    public override void AwaitWake(nint word, ulong value)
    {
        if (_direct) return;
        Agent me = Enter(new LocalOp(LocalOpKind.AwaitWake, word, A: value));
        me.ForgetTrail();
        if (me.MayNotSleep) CheckMaySleep(me, $"sleeps on {WordName(word)}");
        me.RepeatedReads = me.StoredWord = 0;
        nint sleepers = SleepersOf(word);
        int asleep = NumberOf(sleepers);
        NoteUse(me, NumberOf(word), isWrite: false);
        PointForLocked(me, asleep);
        if (!FallAsleep(me, word, value)) return;
        Point(me, new Operation(OperationKind.Load, asleep), Wait.Woken);
        _footprint.Read(asleep);
        EndTurn(me, 1);
    }

    /// <summary>False if the word is not as it was.</summary>
    private bool FallAsleep(Agent me, nint word, ulong value)
    {
        nint sleepers = SleepersOf(word);
        (int number, int asleep) = (NumberOf(word), NumberOf(sleepers));
        ulong found = *(ulong*)word, others = *(ulong*)sleepers;
        _footprint.Read(number);
        _footprint.Read(asleep);
        See(me, number, found, OperationKind.Load);
        if (found != value) return false;
        Write(asleep, sleepers, others, others | 1UL << me.Index);
        me.Asleep = (word, value, sleepers);
        return true;
    }

    public override void Wake(nint word)
    {
        if (_direct) return;
        Agent me = Enter(new LocalOp(LocalOpKind.Wake, word));
        me.RepeatedReads = me.StoredWord = 0;
        PointForLocked(me, NumberOf(SleepersOf(word)));
        WakeAll(me, word);
    }

    private void WakeAll(Agent me, nint word)
    {
        nint sleepers = SleepersOf(word);
        int asleep = NumberOf(sleepers);
        ulong old = *(ulong*)sleepers;
        _footprint.Read(asleep);
        if (old != 0) Write(asleep, sleepers, old, 0);
        // Who wakes does not hear whether anybody slept.
        See(me, asleep, 0, OperationKind.Modify);
        Teller?.Tell(me, OperationKind.Modify, sleepers, old, 0);
    }

    public override void Yields(object theLock)
    {
        if (!_direct) CheckMaySleep(_agents[_current], "yields ", theLock);
    }

    private void CheckMaySleep(Agent me, string verb, object theThing)
    {
        if (me.MayNotSleep) CheckMaySleep(me, verb + NameOf(theThing));
    }

    private void CheckMaySleep(Agent me, string what)
    {
        if (me.MayNotSleep) Report(new Finding(Invariants.I37, $"{me.Name} {what} in an invalidation that may not sleep"));
    }

    private static bool IsAwake(Agent agent) => (*(ulong*)agent.Asleep.Sleepers >> agent.Index & 1) == 0;

    /// <summary>Of an address of a word of sleepers: which word they sleep on; zero if it is none.</summary>
    private nint SleptOn(nint sleepers) => _sleepersOf.FirstOrDefault(pair => pair.Value == sleepers).Key;

    private string SleepText(Agent agent) => $"a wake-up on {WordName(agent.Asleep.Word)} ({ValueText(agent.Asleep.Value)}"
        + (*(ulong*)agent.Asleep.Word == agent.Asleep.Value ? ")" : $" when it looked, {ValueText(*(ulong*)agent.Asleep.Word)} now)");

    private nint SleepersOf(nint word)
    {
        if (_sleepersOf.TryGetValue(word, out nint sleepers)) return sleepers;
        if (_sleepersOf.Count == SleptOnMax) throw new ModelTooSmallException(
            $"More than {SleptOnMax} words are slept on; explore a smaller program.");
        return _sleepersOf[word] = (nint)_sleepers.Address + _sleepersOf.Count * sizeof(ulong);
    }

    private void ResetSleepers() => new Span<ulong>((void*)_sleepers.Address, SleptOnMax).Clear();
}
