using Lab.Hardware;
using Lab.Mmu;
using Lab.Strategies.Roots.Broken;
using Lab.Tests.Mmu;
using Lab.Tests.Strategies;
using Xunit;
using Libc = Lab.Hardware.Libc;

namespace Lab.Tests.Hardware;

/// <summary>What goes wrong on the processor is a verdict: stale accesses by the stamp really read, damaged memory by its
/// signal.</summary>
public class HostVerdictTests
{
    [Fact]
    public void A_strategy_that_returns_early_is_caught_by_the_stamp_that_the_access_read()
    {
        using HostRig rig = new(vm => new EarlyReturn<Metal>(vm));
        rig.Vm.Touch(ScriptedVm.Small);
        Assert.Empty(rig.Vm.Oracle.Violations);
        Assert.Equal(MemslotResult.Done, rig.Vm.Slots.Delete(1));
        rig.Vm.Slots.SettleMemory();
        while (rig.Vcpu.Run(ref Pattern.Of(ScriptedVm.Small), 1) is { Reason: VcpuExitReason.Request } exit) rig.Vcpu.Serve(exit);
        Violation stale = Assert.Single(rig.Vm.Oracle.Violations, violation => violation.Invariant == "I21");
        Assert.Contains("freed in generation 2", stale.What, StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_that_was_cut_off_is_a_violation_that_names_signal_frame_and_piece()
    {
        using HostRig rig = new();
        rig.Vm.Touch(ScriptedVm.Main);
        Assert.Equal(0, Libc.Truncate(rig.Host.Memory.File!.Number, 0));
        Assert.Equal(VcpuExit.Done, rig.Vcpu.Run(ref Pattern.Of(GfnRange.Of(3, 1)), 1));
        Violation cut = Assert.Single(rig.Vm.Oracle.Violations);
        Assert.Equal("guest", cut.Invariant);
        Assert.Contains("SIGBUS", cut.What, StringComparison.Ordinal);
        Assert.Contains("gfn 0x3 ", cut.What, StringComparison.Ordinal);
        Assert.Contains("the piece [0x0, 0x10) is mapped for reading and writing", cut.What, StringComparison.Ordinal);
        // What follows leaves the memory alone: a slot that goes is not stamped, and none is made.
        Assert.Equal(MemslotResult.Done, rig.Vm.Slots.Delete(1));
        Assert.Equal(MemslotResult.Done, rig.Vm.Slots.Create(1, ScriptedVm.Small, MemslotFlags.None));
        Assert.False(rig.Host.IsMemoryWhole);
        rig.Vm.Destroy();
    }

    [Fact]
    public void The_vm_after_one_whose_memory_was_damaged_has_memory_of_its_own()
    {
        using WindowHost host = new(new HardwareSettings { ChunkBytes = HostRig.ChunkBytes, Contexts = 4 });
        using (Vm<Metal> first = NewVm(host))
        {
            first.Touch(ScriptedVm.Small);
            Assert.Equal(0, Libc.Truncate(host.Memory.File!.Number, 0));
            first.Destroy();
        }
        Assert.False(host.IsMemoryWholeNow());
        using Vm<Metal> second = NewVm(host);
        second.Touch(ScriptedVm.Small);
        second.Destroy();
        Assert.Empty(second.Oracle.Violations);
    }

    private static Vm<Metal> NewVm(WindowHost host)
    {
        Vm<Metal> vm = StrategyFixture.NewVm("mainline", new VmSettings { Vcpus = 1, MemoryBytes = 2 << 20 }, host);
        vm.Slots.Create(1, ScriptedVm.Small, MemslotFlags.None);
        return vm;
    }

    [Fact]
    public void A_piece_that_is_mapped_and_faults_all_the_same_is_a_violation_and_not_a_loop()
    {
        using HostRig rig = new();
        rig.Vm.Touch(ScriptedVm.Main);
        // Behind the lab's back.
        Assert.Equal(0, Libc.Protect(rig.WindowOfVcpu.AddressOf(new Gfn(5)), 4096, Libc.ProtNone));
        rig.Vcpu.Run(ref Pattern.Of(GfnRange.Of(4, 2)), 2);
        Violation loop = Assert.Single(rig.Vm.Oracle.Violations);
        Assert.Contains("SIGSEGV", loop.What, StringComparison.Ordinal);
        Assert.Contains("accesses before: read 0x4 found slot 0 generation 1", loop.What, StringComparison.Ordinal);
        rig.Vm.Destroy();
    }

    /// <summary>Goes through a range in order, reading.</summary>
    private static class Pattern
    {
        [ThreadStatic]
        private static AccessPattern PatternOfThread;

        public static ref AccessPattern Of(GfnRange range)
        {
            PatternOfThread = new AccessPattern(0, range) { Stride = 1, Cursor = range.Frames - 1 };
            return ref PatternOfThread;
        }
    }
}
