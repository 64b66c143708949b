using Lab.Mmu;
using Lab.Strategies;
using Lab.Tests.Strategies;
using Xunit;

namespace Lab.Tests.Mmu;

/// <summary>VMs of any catalogued strategy on a <see cref="ScriptedMachine"/>, with one vCPU and two small slots.</summary>
internal static class ScriptedVm
{
    /// <summary>Frames of slot 0, at guest address zero: one leaf table.</summary>
    public static readonly GfnRange Main = GfnRange.Of(0, 512);

    /// <summary>Frames of slot 1, the one that tests delete.</summary>
    public static readonly GfnRange Small = GfnRange.Of(0x40000, 64);

    public static Vm<ScriptedMachine> New(string strategy, Script script) =>
        New(Catalogue.Named(strategy).Design<ScriptedMachine>(), script);

    public static Vm<ScriptedMachine> New(Func<Vm<ScriptedMachine>, RootStrategy<ScriptedMachine>> roots, Script script) =>
        New(StrategyFixture.With(roots), script);

    /// <param name="design">What it is built from.</param>
    /// <param name="script">What happens when.</param>
    /// <param name="taken">Frames that the host takes away at once; zero: what it takes does not show.</param>
    /// <param name="sharesMemory">A slot may lie over the memory of another.</param>
    public static Vm<ScriptedMachine> New(VmDesign<ScriptedMachine> design, Script script, ulong taken = 0,
        bool sharesMemory = false)
    {
        VmSettings settings = new()
            { Vcpus = 1, MemoryBytes = 2 << 20, PauseNanoseconds = Script.EveryPause, SharesMemory = sharesMemory };
        Vm<ScriptedMachine> vm = new(new ScriptedMachine(script), settings, design);
        vm.DivideMemory(taken);
        vm.Slots.Create(0, Main, MemslotFlags.None);
        vm.Slots.Create(1, Small, MemslotFlags.None);
        return vm;
    }

    /// <summary>The guest goes through the range in order, writing every second time. Returns the faults that mapped
    /// something.</summary>
    public static long Touch<TMachine>(this Vm<TMachine> vm, GfnRange range, int vcpu = 0)
        where TMachine : struct, IMachine
    {
        AccessPattern pattern = new(0, range) { Stride = 1, WriteEvery = 2, Cursor = range.Frames - 1 };
        ActorCounters counters = Actor.Current.Counters;
        long before = counters.FaultsFixed;
        long target = counters.Accesses + (long)range.Frames;
        while (counters.Accesses < target)
        {
            if (vm.Vcpus[vcpu].Run(ref pattern, (int)(target - counters.Accesses)) is { IsDone: false } exit)
            {
                vm.Vcpus[vcpu].Serve(exit);
            }
        }
        return counters.FaultsFixed - before;
    }

    /// <summary>One access of the vCPU: what became of its first fault, or null if it went through without one. Requests are
    /// served first. An access to be retried stays pending, and is what the next call is about.</summary>
    public static ExitOutcome? Access<TMachine>(this Vm<TMachine> vm, Gfn gfn, bool write = false)
        where TMachine : struct, IMachine
    {
        AccessPattern pattern = new(0, new GfnRange(gfn, gfn + 1)) { Stride = 1, WriteEvery = write ? 1u : 0u };
        Vcpu<TMachine> vcpu = vm.Vcpus[0];
        VcpuExit exit = vcpu.Run(ref pattern, 1);
        while (exit == VcpuExit.Request)
        {
            vcpu.Serve(exit);
            exit = vcpu.Run(ref pattern, 1);
        }
        if (exit.IsDone) return null;
        ExitOutcome outcome = vcpu.Serve(exit);
        if (outcome == ExitOutcome.Fixed) Assert.Equal(VcpuExit.Done, vcpu.Run(ref pattern, 1));
        return outcome;
    }

    /// <summary>Drops a reference to the root under the exclusive hold.</summary>
    public static void Put<TMachine>(this Vm<TMachine> vm, TdpRoot root)
        where TMachine : struct, IMachine
    {
        ExclusiveHold hold = vm.EnterExclusive();
        vm.Strategy.Put(root, hold);
        vm.Exit(hold);
    }

    /// <summary>Leafs that the root maps in the range.</summary>
    public static long Present<TMachine>(this Vm<TMachine> vm, TdpRoot root, GfnRange range)
        where TMachine : struct, IMachine
    {
        vm.Machine.EnterRcu(vm.Rcu);
        long present = vm.Mmu.CountPresent(root, range, Spte.LeafLevel);
        vm.Machine.ExitRcu(vm.Rcu);
        return present;
    }

    public static string[] Invariants<TMachine>(this Vm<TMachine> vm)
        where TMachine : struct, IMachine => [.. vm.Oracle.Violations.Select(violation => violation.Invariant).Distinct()];
}
