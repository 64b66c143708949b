using Lab.Hardware;
using Lab.Mmu;
using Lab.Tests.Mmu;
using Lab.Tests.Workloads;
using Lab.Workloads;
using Xunit;

namespace Lab.Tests.Hardware;

/// <summary>vCPU threads, updaters and notifiers at once on windows.</summary>
public class HostLoadTests
{
    /// <summary>All but what only the running kernel or the software walk can do.</summary>
    public static TheoryData<string> Workloads =>
    [
        .. Catalogue.Workloads.Where(type => (CardOf(type).Needs & (WorkloadNeeds.DirtyLog | WorkloadNeeds.Tables)) == 0)
            .Select(NameOf),
    ];

    [Theory]
    [MemberData(nameof(Workloads))]
    public void Every_workload_is_clean(string workload)
    {
        using WindowHost host = new(new HardwareSettings { ChunkBytes = HostRig.ChunkBytes, Contexts = 16 });
        WorkloadRun.Of("mainline", TypeOf(workload), TimeSpan.FromMilliseconds(100), host: host).AssertClean();
    }

    [Theory]
    [InlineData("workqueue", SlotOperation.Delete)]
    [InlineData("refcount2", SlotOperation.Mix)]
    [InlineData("second-list", SlotOperation.Mix)]
    public void Two_vcpus_against_an_updater_stay_clean_for_a_second(string strategy, SlotOperation operation)
    {
        using WindowHost host = new(new HardwareSettings { ChunkBytes = HostRig.ChunkBytes, Contexts = 16 });
        WorkloadRun.Of(strategy, typeof(MemslotChurn<>), TimeSpan.FromSeconds(1), parameters: new WorkloadParameters().With(
            MemslotChurn.Operation, operation).With(MemslotChurn.Refill, 0), host: host).AssertClean();
    }

    [Fact]
    public void A_kick_gets_a_thread_out_of_the_guest_and_it_goes_on_as_if_nothing_had_happened()
    {
        using HostRig rig = new();
        rig.Vm.Touch(ScriptedVm.Main);
        TdpRoot root = rig.Vcpu.Root;
        long cutShort = 0;
        ActorThread guest = new("guest", () =>
        {
            using IVcpuCore core = rig.Mmu.NewCore(0, rig.Vm.Requests.AddressOf(0));
            for (int index = 0; index < core.Capacity; index++)
            {
                core.Put(index, new Gfn((ulong)index % ScriptedVm.Main.Frames), (AccessKind)(index % 3));
            }
            while (Volatile.Read(ref cutShort) < 20)
            {
                int next = 0;
                while (next < core.Capacity)
                {
                    CoreExit exit = core.Run(root, next, core.Capacity);
                    Assert.Equal(CoreExitReason.Done, exit.Reason);
                    if (exit.Next < core.Capacity) Volatile.Write(ref cutShort, cutShort + 1);
                    next = exit.Next;
                }
                foreach (GuestTouch touch in core.Touches) Assert.Equal(0, new FrameStamp(touch.Stamp).Slot);
            }
        });
        Gate.AwaitThat(
            () =>
            {
                rig.Host.KickAll();
                return Volatile.Read(ref cutShort) >= 20;
            }, "twenty stays that a kick cut short");
        guest.Join();
        HostMmuTests.AssertGoesCleanly(rig);
    }

    [Theory]
    [InlineData(SlotOperation.Delete)]
    [InlineData(SlotOperation.Mix)]
    public void Through_userfaultfd_the_rig_resolves_every_page_or_says_why_it_cannot(SlotOperation operation)
    {
        HardwareSettings settings = new() { ChunkBytes = HostRig.ChunkBytes, Contexts = 16, Userfault = true };
        if (RefusalOf(settings) is { } refusal)
        {
            Assert.Contains("--userfault off", refusal, StringComparison.Ordinal);
            return;
        }
        using WindowHost host = new(settings);
        WorkloadRun.Of("mainline", typeof(MemslotChurn<>), TimeSpan.FromMilliseconds(300),
            parameters: new WorkloadParameters().With(MemslotChurn.Operation, operation), host: host).AssertClean();
        Assert.True(host.Userfaults!.Value.Count > 100, "few pages were resolved by the rig");
    }

    [Fact]
    public void A_page_that_the_rig_resolves_is_one_page_and_its_latency_is_counted()
    {
        if (RefusalOf(new HardwareSettings { Userfault = true }) is { } refusal)
        {
            Assert.Contains("--userfault off", refusal, StringComparison.Ordinal);
            return;
        }
        using HostRig rig = new(userfault: true);
        rig.Vm.Touch(GfnRange.Of(0, 100));
        Assert.Equal(100, HostRig.PresentIn(rig.Host, rig.WindowOfVcpu));
        Dictionary<string, long> counters =
            rig.Host.KernelCounters().ToDictionary(counter => counter.Name, counter => counter.Value);
        Assert.Equal(100, counters["userfault.resolved"]);
        Assert.InRange(counters["userfault.resolve_max"], 1, counters["userfault.resolve_total"]);
        HostMmuTests.AssertGoesCleanly(rig);
    }

    [Fact]
    public void The_kernels_page_faults_are_counted()
    {
        using HostRig rig = new();
        long Faults() => rig.Host.KernelCounters().Single(counter => counter.Name == "host.minor_faults").Value;
        long before = Faults();
        rig.Vm.Touch(ScriptedVm.Main);
        Assert.True(Faults() - before >= (long)ScriptedVm.Main.Frames / 16);
        HostMmuTests.AssertGoesCleanly(rig);
    }

    private static string? RefusalOf(HardwareSettings settings)
    {
        try
        {
            new WindowHost(settings).Dispose();
            return null;
        }
        catch (HardwareUnavailableException refused)
        {
            return refused.Message;
        }
    }

    private static string NameOf(Type workload) => CardOf(workload).Name;

    private static WorkloadAttribute CardOf(Type workload) =>
        (WorkloadAttribute)Attribute.GetCustomAttribute(workload, typeof(WorkloadAttribute))!;

    private static Type TypeOf(string name) => Catalogue.Workloads.Single(workload => NameOf(workload) == name);
}
