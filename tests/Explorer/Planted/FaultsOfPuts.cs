using Lab.Mmu;

namespace Lab.Tests.Explorer.Planted;

/// <summary>Reads the count and writes it back.</summary>
[Strategy("p-torn-put", Status = StrategyStatus.Broken, Idea = "a put that is no atomic step",
    Source = "planted", Breaks = "I1")]
public sealed class TornPut<TMachine>(Vm<TMachine> vm) : SharedLoads<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Put(TdpRoot root, MmuHold hold)
    {
        ulong count = Machine.Load(ref root.Count) - 1;
        Machine.Store(ref root.Count, count);
        if (count == 0) UnlinkAndFree(root);
    }
}

/// <summary>Looks whether its reference is the last, and drops it in a second step.</summary>
[Strategy("p-look-then-put", Status = StrategyStatus.Broken, Idea = "looks at the count, then drops it",
    Source = "planted", Breaks = "I16")]
public sealed class LooksThenPuts<TMachine>(Vm<TMachine> vm) : SharedLoads<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Put(TdpRoot root, MmuHold hold)
    {
        bool isLast = Machine.Load(ref root.Count) == 1;
        Decrement(root, hold);
        if (isLast) UnlinkAndFree(root);
    }
}

/// <summary>Decides by a load after its put: two putters may both find zero.</summary>
[Strategy("p-put-then-look", Status = StrategyStatus.Broken, Idea = "drops, then looks at the count",
    Source = "planted", Breaks = "I2, I3")]
public sealed class PutsThenLooks<TMachine>(Vm<TMachine> vm) : SharedLoads<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Put(TdpRoot root, MmuHold hold)
    {
        Decrement(root, hold);
        if (Machine.Load(ref root.Count) == 0) UnlinkAndFree(root);
    }
}

/// <summary>Leaves a root that nobody needs on the list if it is valid, for the next load to find.</summary>
[Strategy("p-keeps-valid", Status = StrategyStatus.Broken, Idea = "a valid root at zero stays on the list",
    Source = "planted", Breaks = "I14")]
public sealed class KeepsValid<TMachine>(Vm<TMachine> vm) : LastPutZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) == 0 && IsInvalid(root)) UnlinkAndFree(root);
    }
}

/// <summary>The last putter zaps with yields while the count is zero.</summary>
[Strategy("p-yields-at-zero", Status = StrategyStatus.Broken, Idea = "zaps with yields at count zero",
    Source = "planted", Breaks = "I14")]
public sealed class YieldsAtZero<TMachine>(Vm<TMachine> vm) : LastPutZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) != 0) return;
        ZapRoot(root, hold);
        UnlinkAndFree(root);
    }
}

/// <summary>The last putter takes the root off the list and then zaps with yields.</summary>
[Strategy("p-unlinks-first", Status = StrategyStatus.Broken, Idea = "unlinks, then zaps with yields",
    Source = "planted", Breaks = "I4, I5")]
public sealed class UnlinksFirst<TMachine>(Vm<TMachine> vm) : LastPutZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) != 0 || !Unlink(root)) return;
        ZapRoot(root, hold);
        Vm.Mmu.FreeRoot(root);
    }
}

/// <summary>Raises the count before the root is invalid: a load may find it valid and gets a root that is about to go.</summary>
[Strategy("p-revives-first", Status = StrategyStatus.Broken, Idea = "count back to one, then invalid",
    Source = "planted", Breaks = "I1")]
public sealed class RevivesFirst<TMachine>(Vm<TMachine> vm) : LastPutZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (Decrement(root, hold) != 0) return;
        Machine.StoreRelaxed(ref root.Count, 1);
        ZapRoot(root, hold);
        ExchangeInvalid(root);
        Machine.StoreRelaxed(ref root.Count, 0);
        UnlinkAndFree(root);
    }
}

/// <summary>Frees without zapping when a reader's put is the last: readers do not zap.</summary>
[Strategy("p-reader-frees", Status = StrategyStatus.Broken, Idea = "a last put under the shared hold frees unzapped",
    Source = "planted", Breaks = "I9")]
public sealed class ReaderFrees<TMachine>(Vm<TMachine> vm) : LastPutZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Put(TdpRoot root, MmuHold hold)
    {
        if (hold.IsExclusive) base.Put(root, hold);
        else if (Decrement(root, hold) == 0) UnlinkAndFree(root);
    }
}

/// <summary>Gives the iterator its reference without looking whether the count is zero.</summary>
[Strategy("p-blind-get", Status = StrategyStatus.Broken, Idea = "a get that revives",
    Source = "planted", Breaks = "I1, I3")]
public sealed class BlindGet<TMachine>(Vm<TMachine> vm) : SharedLoads<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void ZapInvalidatedRoots()
    {
        SharedHold hold = Vm.EnterShared();
        TdpRoot root = Vm.Roots.First;
        while (!root.IsNone)
        {
            Machine.Add(ref root.Count, 1);
            if (IsMarked(root)) ZapMarked(root, hold);
            TdpRoot next = Vm.Roots.After(root);
            Put(root, hold);
            root = next;
        }
        Vm.Exit(hold);
    }
}

/// <summary>Reads the count and writes it back.</summary>
[Strategy("p-torn-get", Status = StrategyStatus.Broken, Idea = "a get that is no atomic step",
    Source = "planted", Breaks = "I1")]
public sealed class TornGet<TMachine>(Vm<TMachine> vm) : SharedLoads<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold)
    {
        Machine.Enter(Vm.Roots.PagesLock);
        TdpRoot found = Vm.Roots.First;
        while (!found.IsNone && Machine.Load(ref found.Role) != role.Word) found = Vm.Roots.After(found);
        ulong count = found.IsNone ? 0 : Machine.Load(ref found.Count);
        if (count != 0) Machine.Store(ref found.Count, count + 1);
        Machine.Exit(Vm.Roots.PagesLock);
        return count != 0 ? found : base.GetVcpuRoot(vcpu, role, hold);
    }
}

/// <summary>Two vCPUs that load at once make a root each: nobody looks again under the lock.</summary>
[Strategy("p-looks-once", Status = StrategyStatus.Broken, Idea = "no second look under the lock",
    Source = "planted", Breaks = "I13")]
public sealed class LooksOnce<TMachine>(Vm<TMachine> vm) : SharedLoads<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold)
    {
        TdpRoot found = FindRoot(role);
        return found.IsNone ? CreateRoot(vcpu, role, count: 2) : found;
    }
}

/// <summary>The second vCPU of a role gets the root without a reference of its own.</summary>
[Strategy("p-shares-reference", Status = StrategyStatus.Broken, Idea = "vCPUs of one role share a reference",
    Source = "planted", Breaks = "I1")]
public sealed class SharesReference<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold)
    {
        foreach (Vcpu<TMachine> other in Vm.Vcpus)
        {
            if (other != vcpu && !other.Root.IsNone && Machine.Load(ref other.Root.Role) == role.Word) return other.Root;
        }
        return base.GetVcpuRoot(vcpu, role, hold);
    }
}

/// <summary>Makes roots without the MMU's own reference, which a fast zap then puts.</summary>
[Strategy("p-not-owned", Status = StrategyStatus.Broken, Idea = "the MMU's reference is not taken",
    Source = "planted", Breaks = "I1")]
public sealed class NotOwned<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold) =>
        FindOrCreateRoot(vcpu, role, count: 1);
}

/// <summary>A put that finds the root invalid leaves the MMU's reference as well.</summary>
[Strategy("p-puts-for-two", Status = StrategyStatus.Broken, Idea = "the vCPU puts the MMU's reference of an invalid root",
    Source = "planted", Breaks = "I1")]
public sealed class PutsForTwo<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override void Put(TdpRoot root, MmuHold hold)
    {
        bool both = hold.IsExclusive && IsInvalid(root) && Machine.Load(ref root.Count) == 2;
        if (both) Decrement(root, hold);
        if (Decrement(root, hold) == 0) UnlinkAndFree(root);
    }
}

/// <summary>Looks for the role with its invalid bit masked out.</summary>
[Strategy("p-loads-invalid", Status = StrategyStatus.Broken, Idea = "a load takes an invalid root",
    Source = "planted", Breaks = "I8")]
public sealed class LoadsInvalid<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold)
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            if ((Machine.Load(ref root.Role) & ~RootRole.Invalid) == role.Word && TryGet(root)) return root;
        }
        return CreateRoot(vcpu, role, count: 2);
    }
}

/// <summary>Takes the first valid root there is.</summary>
[Strategy("p-any-role", Status = StrategyStatus.Broken, Idea = "a load takes a root of another role",
    Source = "planted", Breaks = "I36")]
public sealed class AnyRole<TMachine>(Vm<TMachine> vm) : CallerZaps<TMachine>(vm)
    where TMachine : struct, IMachine
{
    public override TdpRoot GetVcpuRoot(Vcpu<TMachine> vcpu, RootRole role, MmuHold hold)
    {
        for (TdpRoot root = Vm.Roots.First; !root.IsNone; root = Vm.Roots.After(root))
        {
            if (!IsInvalid(root) && TryGet(root)) return root;
        }
        return CreateRoot(vcpu, role, count: 2);
    }
}
