using Lab.Explorer.Seam;
using Lab.Mmu;
using Lab.Strategies.Roots;
using Lab.Tests.Explorer.Planted;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>Strategies with one fault each, for the explorer to find; as small as the fault allows.</summary>
internal static class Wrong
{
    /// <summary>Stores a number that no execution shares with another: nondeterministic, though it takes the same steps each
    /// time.</summary>
    public sealed class CountingStores(Vm<Explored> vm, int[] counter) : Mainline<Explored>(vm)
    {
        public override void Put(TdpRoot root, MmuHold hold)
        {
            Machine.Store(ref root.OwnNext, (ulong)++counter[0]);
            base.Put(root, hold);
        }
    }

    /// <summary>Takes another way every now and then.</summary>
    public sealed class Moody(Vm<Explored> vm, int[] counter) : Mainline<Explored>(vm)
    {
        public override void Put(TdpRoot root, MmuHold hold)
        {
            if (++counter[0] % 3 == 0) Machine.Load(ref root.Flags);
            base.Put(root, hold);
        }
    }

    /// <summary>A plain field that two threads use without a lock that keeps them apart, and a branch on it: shared state behind
    /// the machine's back.</summary>
    public sealed class SecretField(Vm<Explored> vm, bool readsInSection) : Mainline<Explored>(vm)
    {
        private bool _putSeen;

        public override void Put(TdpRoot root, MmuHold hold)
        {
            _putSeen = true;
            base.Put(root, hold);
        }

        public override void ZapInvalidatedRoots()
        {
            if (readsInSection)
            {
                SharedHold hold = Vm.EnterShared();
                Branch();
                Vm.Exit(hold);
            }
            else
            {
                Branch();
            }
            base.ZapInvalidatedRoots();
        }

        private void Branch()
        {
            bool seen = _putSeen;
            TdpRoot first = Vm.Roots.First;
            // Both ways begin with an access of a word that others use: what is compared is the next step of whoever has seen the
            // same.
            if (seen && !first.IsNone) Machine.Load(ref first.Count);
            else _ = Vm.Roots.First;
        }
    }

    /// <summary>Waits for something that no event of the machine brings.</summary>
    public sealed class Silent(Vm<Explored> vm, ManualResetEventSlim release) : Mainline<Explored>(vm)
    {
        public override void ZapInvalidatedRoots()
        {
            release.Wait();
            base.ZapInvalidatedRoots();
        }
    }

    /// <summary>Counts forever.</summary>
    public sealed class Counting(Vm<Explored> vm) : Mainline<Explored>(vm)
    {
        public override void ZapInvalidatedRoots()
        {
            TdpRoot root = Vm.Roots.First;
            while (true) Machine.Add(ref root.OwnNext, 1);
        }
    }

    /// <summary>Zaps until no invalid root is left, and no vCPU but the leaving one holds any: right, though it goes
    /// round.</summary>
    public sealed class AwaitsLeaving(Vm<Explored> vm) : Rezaps<Explored>(vm);

    /// <summary>Its constructor does what it is told.</summary>
    public sealed class Unbuilt : Mainline<Explored>
    {
        public Unbuilt(Vm<Explored> vm, Action act) : base(vm) => act();
    }

    /// <summary>Makes a shared word too late.</summary>
    public sealed class LateWord(Vm<Explored> vm) : Mainline<Explored>(vm)
    {
        public override void ZapInvalidatedRoots() => Vm.NewWord("late");
    }

    /// <summary>Waits under mmu_lock for something that no event of the machine brings.</summary>
    public sealed class SilentUnderLock(Vm<Explored> vm, ManualResetEventSlim release) : Mainline<Explored>(vm)
    {
        public override void ZapInvalidatedRoots()
        {
            SharedHold hold = Vm.EnterShared();
            release.Wait();
            Vm.Exit(hold);
        }
    }

    /// <summary>Raises a word forever.</summary>
    public sealed class Busy(Vm<Explored> vm) : Mainline<Explored>(vm)
    {
        public override void ZapInvalidatedRoots()
        {
            while (true) Machine.Or(ref Vm.Requests[0], 4);
        }
    }

    /// <summary>Takes two locks in one order in a put, and in the other one in a fast zap.</summary>
    public sealed class LocksCrosswise(Vm<Explored> vm) : Mainline<Explored>(vm)
    {
        private readonly TicketLock _one = new("one");
        private readonly TicketLock _two = new("two");

        public override void Put(TdpRoot root, MmuHold hold)
        {
            Both(_one, _two);
            base.Put(root, hold);
        }

        public override void ZapInvalidatedRoots()
        {
            Both(_two, _one);
            base.ZapInvalidatedRoots();
        }

        protected override void DisposeOwned()
        {
            _one.Dispose();
            _two.Dispose();
        }

        private void Both(TicketLock outer, TicketLock inner)
        {
            Machine.Enter(outer);
            Machine.Enter(inner);
            Machine.Exit(inner);
            Machine.Exit(outer);
        }
    }

    /// <summary>Expects that nobody has put anything when it zaps.</summary>
    public sealed class Throwing(Vm<Explored> vm) : Mainline<Explored>(vm)
    {
        public override void ZapInvalidatedRoots()
        {
            TdpRoot root = Vm.Roots.First;
            if (!root.IsNone && Machine.Load(ref root.Count) == 1) throw new InvalidOperationException("somebody was faster");
            base.ZapInvalidatedRoots();
        }
    }

    /// <summary>A fast zap waits until a vCPU has served its request, which no vCPU does that is out of the guest for
    /// good.</summary>
    public sealed class AwaitsVcpu(Vm<Explored> vm) : Mainline<Explored>(vm)
    {
        public override void ZapInvalidatedRoots()
        {
            Backoff backoff = default;
            while (Machine.Load(ref Vm.Requests[0]) != 0) Machine.Relax(ref backoff);
            base.ZapInvalidatedRoots();
        }
    }

    /// <summary>Makes a root without a second look under the pages lock (I13).</summary>
    public sealed class LooksOnce(Vm<Explored> vm) : Mainline<Explored>(vm)
    {
        public override TdpRoot GetVcpuRoot(Vcpu<Explored> vcpu, RootRole role, MmuHold hold)
        {
            TdpRoot found = FindRoot(role);
            return found.IsNone ? CreateRoot(vcpu, role, count: 2) : found;
        }
    }

    /// <summary>Drops a root's last reference and yields before it is off the list.</summary>
    public sealed class YieldsAtZero(Vm<Explored> vm) : Baseline<Explored>(vm)
    {
        public override bool LoadsRootsShared => true;

        public override TdpRoot GetVcpuRoot(Vcpu<Explored> vcpu, RootRole role, MmuHold hold) =>
            FindOrCreateRoot(vcpu, role, count: 1);

        public override void Put(TdpRoot root, MmuHold hold)
        {
            if (Decrement(root, hold) != 0) return;
            if (hold.IsShared)
            {
                Machine.ExitShared(Vm.MmuLock);
                Machine.EnterShared(Vm.MmuLock);
            }
            ZapRoot(root, hold, mayYield: false);
            UnlinkAndFree(root);
        }
    }

    /// <summary>Makes roots without the MMU's own reference (I12): the last vCPU that puts takes a valid root's count to
    /// zero.</summary>
    public sealed class NotOwned(Vm<Explored> vm) : Mainline<Explored>(vm)
    {
        public override TdpRoot GetVcpuRoot(Vcpu<Explored> vcpu, RootRole role, MmuHold hold) =>
            FindOrCreateRoot(vcpu, role, count: 1);
    }

    /// <summary>Keeps a reference that nobody puts.</summary>
    public sealed class Leaks(Vm<Explored> vm) : Baseline<Explored>(vm)
    {
        public override TdpRoot GetVcpuRoot(Vcpu<Explored> vcpu, RootRole role, MmuHold hold) =>
            FindOrCreateRoot(vcpu, role, count: 2);
    }

    /// <summary>Frees a root with its tables still in it.</summary>
    public sealed class FreesUnzapped(Vm<Explored> vm) : Baseline<Explored>(vm)
    {
        public override void Put(TdpRoot root, MmuHold hold)
        {
            if (Decrement(root, hold) == 0) UnlinkAndFree(root);
        }
    }

    /// <summary>A last put that takes the root off the list and then zaps it with yields.</summary>
    public sealed class UnlinksFirst(Vm<Explored> vm) : Baseline<Explored>(vm)
    {
        public override void Put(TdpRoot root, MmuHold hold)
        {
            if (Decrement(root, hold) != 0 || !Unlink(root)) return;
            // What the doc of baseline says must not be done.
            ZapRoot(root, hold, mayYield: true);
            Vm.Mmu.FreeRoot(root);
        }
    }

    /// <summary>Hands a root to the reclaimer twice.</summary>
    public sealed class FreesTwice(Vm<Explored> vm) : Baseline<Explored>(vm)
    {
        public override void Put(TdpRoot root, MmuHold hold)
        {
            if (Decrement(root, hold) != 0 || !Unlink(root)) return;
            ZapRoot(root, hold, mayYield: false);
            Vm.Mmu.FreeRoot(root);
            Vm.Mmu.FreeRoot(root);
        }
    }

    /// <summary>Empties an entry of a table without looking whether somebody has detached the table meanwhile.</summary>
    public sealed unsafe class OverwritesFrozen(Vm<Explored> vm) : Mainline<Explored>(vm)
    {
        public override void Put(TdpRoot root, MmuHold hold)
        {
            Machine.EnterRcu(Vm.Rcu);
            ulong top = Machine.Load(ref root.Table[0]);
            // SAFETY: the section keeps the table from being freed, and the small model's memory stays mapped in any case.
            if (Spte.IsPresent(top)) Machine.Exchange(ref ((ulong*)Spte.Address(top))[0], Spte.NonPresent);
            Machine.ExitRcu(Vm.Rcu);
            base.Put(root, hold);
        }
    }

    /// <summary>Roots to zap are on a list of the strategy's own, each with one reference: a put appends the one it raised again,
    /// a fast zap those it took, and drains. Nobody is told that references change hands, unless it
    /// <paramref name="says"/> so.</summary>
    public class OwnList(Vm<Explored> vm, bool says) : RootStrategy<Explored>(vm)
    {
        private readonly TicketLock _lock = new("own list");
        private readonly Queue<TdpRoot> _list = [];

        public override TdpRoot GetVcpuRoot(Vcpu<Explored> vcpu, RootRole role, MmuHold hold) =>
            FindOrCreateRoot(vcpu, role, count: 1);

        public override void Put(TdpRoot root, MmuHold hold)
        {
            if (Decrement(root, hold) != 0) return;
            if (!ExchangeInvalid(root))
            {
                UnlinkAndFree(root);
                return;
            }
            Machine.StoreRelaxed(ref root.Count, 1);
            Append(root);
        }

        public override void InvalidateAllRoots(ExclusiveHold hold)
        {
            for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
            {
                if (!IsInvalid(root) && TryGet(root) && Invalidate(root)) Append(root);
            }
        }

        public override void ZapInvalidatedRoots()
        {
            SharedHold hold = Vm.EnterShared();
            while (TryTake() is { IsNone: false } root)
            {
                ZapRoot(root, hold);
                Finish(root, hold);
            }
            Vm.Exit(hold);
        }

        public override void Destroy() => ZapInvalidatedRoots();

        protected virtual void Finish(TdpRoot root, MmuHold hold) => Put(root, hold);

        protected override void DisposeOwned() => _lock.Dispose();

        private void Append(TdpRoot root)
        {
            if (says) HandOver(root);
            Machine.Enter(_lock);
            _list.Enqueue(root);
            Machine.Exit(_lock);
        }

        private TdpRoot TryTake()
        {
            Machine.Enter(_lock);
            TdpRoot root = _list.Count == 0 ? TdpRoot.None : _list.Dequeue();
            Machine.Exit(_lock);
            return root;
        }
    }

    /// <summary>As <see cref="OwnList"/>, and puts what it took from the list twice.</summary>
    public sealed class OwnListPutTwice(Vm<Explored> vm, bool says) : OwnList(vm, says)
    {
        protected override void Finish(TdpRoot root, MmuHold hold)
        {
            base.Finish(root, hold);
            base.Finish(root, hold);
        }
    }

    /// <summary>A notifier that walks valid roots only.</summary>
    public sealed class SkipsInvalid(Vm<Explored> vm) : MmuNotifier<Explored>(vm)
    {
        public override void RangeStart(GfnRange range)
        {
            ExclusiveHold hold = Vm.EnterExclusive();
            Begin(range);
            RootStrategy<Explored> roots = Vm.Strategy;
            bool flush = false;
            for (TdpRoot root = roots.NextRoot(TdpRoot.None, RootFilter.ValidOnly,
                hold); !root.IsNone; root = roots.NextRoot(root, RootFilter.ValidOnly, hold))
            {
                flush = Vm.Mmu.ZapLeafs(root, range, hold, mayYield: true, flush);
            }
            if (flush) Vm.Mmu.FlushRemoteTlbs();
            Vm.Exit(hold);
        }

        public override void RangeEnd(GfnRange range)
        {
            ExclusiveHold hold = Vm.EnterExclusive();
            End();
            Vm.Exit(hold);
        }
    }

    /// <summary>Two vCPUs raise a flag in the root each and look at the other's (Dekker): where a load can overtake a store, both
    /// may find the other's flag down and both believe that they went first.</summary>
    public sealed class Handshake(Vm<Explored> vm, bool fences) : Mainline<Explored>(vm)
    {
        /// <summary>Added to the flags by who goes first; clear of the bit that mainline uses.</summary>
        private const ulong First = 16;

        public override TdpRoot GetVcpuRoot(Vcpu<Explored> vcpu, RootRole role, MmuHold hold)
        {
            TdpRoot root = base.GetVcpuRoot(vcpu, role, hold);
            bool goesFirst =
                vcpu.Index == 0 ? GoesFirst(ref root.OwnNext, ref root.Busy) : GoesFirst(ref root.Busy, ref root.OwnNext);
            if (goesFirst && Machine.Add(ref root.Flags, First) != First) throw new InvalidOperationException("both went first");
            return root;
        }

        private bool GoesFirst(ref ulong mine, ref ulong others)
        {
            Machine.Store(ref mine, 1);
            if (fences) Machine.FullFence();
            return Machine.Load(ref others) == 0;
        }
    }
}
