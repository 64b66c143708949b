using Lab.Measure;
using Xunit;

namespace Lab.Tests.Measure;

/// <summary>Each fact from a tree of files, as a machine that has the trouble shows it.</summary>
public sealed class DoctorFactsTests
{
    private const string Cpu = "/sys/devices/system/cpu";

    [Fact]
    public void A_quiet_machine_is_good_throughout()
    {
        using FakeMachine machine = FakeMachine.Quiet();
        Assert.All(DoctorFacts.Read(machine.Files), fact => Assert.True(fact.State == FactState.Good, $"{fact}"));
    }

    [Fact]
    public void A_machine_that_says_nothing_is_described_all_the_same()
    {
        using FakeMachine nothing = new();
        using FakeMachine quiet = FakeMachine.Quiet();
        IReadOnlyList<MachineFact> facts = DoctorFacts.Read(nothing.Files);
        Assert.Equal(DoctorFacts.Read(quiet.Files).Select(fact => fact.Name).Where(name => name != "kvm_parameters"),
            facts.Select(fact => fact.Name));
        Assert.DoesNotContain(facts, fact => fact.State == FactState.Bad);
        Assert.All(facts, fact => Assert.NotEmpty(fact.Meaning));
    }

    [Theory]
    [InlineData("cores", FactState.Bad, "1 of 4", "/proc/self/status", "Cpus_allowed_list:\t2\n")]
    [InlineData("cores", FactState.Fair, "2 of 4", "/proc/self/status", "Cpus_allowed_list:\t1,3\n")]
    [InlineData("smt", FactState.Fair, "on: 0,2", Cpu + "/cpu0/topology/thread_siblings_list", "0,2\n")]
    [InlineData("smt", FactState.Fair, "on, siblings not allowed", Cpu + "/smt/active", "1\n")]
    [InlineData("governor", FactState.Bad, "performance (0-2), powersave (3)", Cpu + "/cpu3/cpufreq/scaling_governor",
        "powersave\n")]
    [InlineData("boost", FactState.Fair, "on", Cpu + "/intel_pstate/no_turbo", "0\n")]
    [InlineData("isolated", FactState.Fair, "none", Cpu + "/isolated", "\n")]
    [InlineData("isolated", FactState.Fair, "8-9, not allowed here", Cpu + "/isolated", "8-9\n")]
    [InlineData("nohz_full", FactState.Fair, "none", Cpu + "/nohz_full", "(null)\n")]
    [InlineData("idle_states", FactState.Fair, "intel_idle, 2 states, up to 133 µs",
        Cpu + "/cpu0/cpuidle/state1/latency", "133\n")]
    [InlineData("thp", FactState.Fair, "always", "/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n")]
    [InlineData("hypervisor", FactState.Fair, "present", "/proc/cpuinfo", "flags : hypervisor\n")]
    [InlineData("tsc", FactState.Bad, "not invariant", "/proc/cpuinfo", "flags : fpu\n")]
    [InlineData("clocksource", FactState.Bad, "hpet",
        "/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n")]
    [InlineData("watchdog", FactState.Fair, "on", "/proc/sys/kernel/watchdog", "1\n")]
    [InlineData("rt_throttling", FactState.Fair, "950 of 1000 ms", "/proc/sys/kernel/sched_rt_runtime_us", "950000\n")]
    [InlineData("perf_paranoid", FactState.Fair, "3", "/proc/sys/kernel/perf_event_paranoid", "3\n")]
    [InlineData("tracefs", FactState.Fair, "not mounted", "/proc/mounts", "proc /proc proc rw 0 0\n")]
    [InlineData("realtime", FactState.Good, "CAP_SYS_NICE", "/proc/self/status", "CapEff:\t0000000000800000\n")]
    [InlineData("realtime", FactState.Fair, "limit 0", "/proc/self/limits", "Max realtime priority     0                    0\n")]
    [InlineData("nofile", FactState.Fair, "1024", "/proc/self/limits",
        "Max open files            1024                 524288               files\n")]
    [InlineData("nofile", FactState.Good, "unlimited", "/proc/self/limits",
        "Max open files            unlimited            unlimited            files\n")]
    [InlineData("load", FactState.Fair, "1.00 on 4 cores, last minute", "/proc/loadavg", "1.00 0.50 0.20 1/2 3\n")]
    [InlineData("load", FactState.Bad, "9.30 on 4 cores, last minute", "/proc/loadavg", "9.30 0.50 0.20 1/2 3\n")]
    [InlineData("pressure", FactState.Bad, "68.3 % of the last 10 s", "/proc/pressure/cpu",
        "some avg10=68.30 avg60=0 avg300=0 total=1\nfull avg10=0.00\n")]
    [InlineData("kvm_mmu", FactState.Fair, "tdp, legacy", "/sys/module/kvm/parameters/tdp_mmu", "N\n")]
    [InlineData("kvm_mmu", FactState.Fair, "shadow", "/sys/module/kvm_intel/parameters/ept", "N\n")]
    [InlineData("swap", FactState.Bad, "0.5 GiB of 1.0 GiB used", "/proc/meminfo",
        "MemTotal: 4 kB\nSwapTotal: 1048576 kB\nSwapFree: 524288 kB\n")]
    [InlineData("memory", FactState.Bad, "0.1 GiB of 4.0 GiB available", "/proc/meminfo",
        "MemTotal: 4194304 kB\nMemAvailable: 104857 kB\n")]
    [InlineData("memory", FactState.Fair, "12.0 GiB of 16.0 GiB available, group limit 0.5 GiB",
        "/sys/fs/cgroup/user.slice/memory.max", "536870912\n")]
    [InlineData("cpu_quota", FactState.Bad, "1.5 cores", "/sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n")]
    [InlineData("cpu_quota", FactState.Fair, "8 cores", "/sys/fs/cgroup/user.slice/lab/cpu.max", "800000 100000\n")]
    [InlineData("cpu_quota", FactState.Good, "none", "/sys/fs/cgroup/user.slice/lab/cpu.max", "max 100000\n")]
    internal void A_trouble_is_seen_and_has_a_remedy(string name, FactState state, string value, string path, string text)
    {
        using FakeMachine machine = FakeMachine.Quiet().With(path, text);
        MachineFact fact = machine.Fact(name);
        Assert.Equal((value, state), (fact.Value, fact.State));
        Assert.Equal(state == FactState.Good, fact.Remedy is null);
        if (fact.Remedy?.Contains("sudo ", StringComparison.Ordinal) == true)
        {
            Assert.True(fact.Remedy.Length <= 70, $"'{fact.Remedy}' does not fit a line");
        }
    }

    [Theory]
    [InlineData("governor", "none", Cpu + "/cpu0/cpufreq", Cpu + "/cpu1/cpufreq", Cpu + "/cpu2/cpufreq", Cpu + "/cpu3/cpufreq")]
    [InlineData("boost", "not shown", Cpu + "/intel_pstate")]
    [InlineData("perf_counters", "none", "/sys/bus/event_source")]
    [InlineData("dma_latency", "absent", "/dev/cpu_dma_latency")]
    [InlineData("perf_paranoid", "no perf events", "/proc/sys/kernel/perf_event_paranoid")]
    [InlineData("tracefs", "/sys/kernel/tracing, closed to this user", "/sys/kernel/tracing/events")]
    [InlineData("kvm_mmu", "no kvm module", "/sys/module")]
    public void What_is_absent_is_said(string name, string value, params string[] gone)
    {
        using FakeMachine machine = FakeMachine.Quiet();
        foreach (string path in gone) machine.Without(path);
        MachineFact fact = machine.Fact(name);
        Assert.Equal(value, fact.Value);
        Assert.NotEqual(FactState.Good, fact.State);
        Assert.NotNull(fact.Remedy);
    }

    [Fact]
    public void Groups_of_version_1_count_each_by_its_own_controller()
    {
        using FakeMachine machine = FakeMachine.Quiet().Without("/sys/fs/cgroup").With("/proc/self/cgroup",
            "5:memory:/job/7\n2:cpu,cpuacct:/job\n1:name=systemd:/\n0::/\n").With("/sys/fs/cgroup/cpu,cpuacct/cgroup.procs",
            "").With("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "250000\n").With(
            "/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n").With("/sys/fs/cgroup/cpu,cpuacct/job/cpu.stat",
            "nr_periods 10\nnr_throttled 3\nthrottled_time 5\n").With("/sys/fs/cgroup/memory/cgroup.procs",
            "").With("/sys/fs/cgroup/memory/job/memory.limit_in_bytes",
            "2147483648\n").With("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        Assert.Equal(("2.5 cores, throttled 3 times", FactState.Bad),
            (machine.Fact("cpu_quota").Value, machine.Fact("cpu_quota").State));
        Assert.Equal("12.0 GiB of 16.0 GiB available, group limit 2.0 GiB", machine.Fact("memory").Value);
    }

    [Fact]
    public void Steal_is_of_the_time_between_and_guests_count_once()
    {
        using FakeMachine machine = FakeMachine.Quiet().With("/proc/stat", "cpu  200 0 200 1580 0 0 0 20 50 0\n");
        Assert.Equal(("2.0 % just now", FactState.Bad), (machine.Fact("steal", "cpu  100 0 100 800 0 0 0 0 0 0").Value,
            machine.Fact("steal", "cpu  100 0 100 800 0 0 0 0 0 0").State));
        Assert.Equal("1.0 % since boot", machine.Fact("steal").Value);
    }

    [Theory]
    [InlineData("0-3,8", "0-3,8")]
    [InlineData("5", "5")]
    [InlineData("", "")]
    [InlineData("(null)", "")]
    [InlineData("3-x", "")]
    public void Lists_of_cpus_are_read_and_written(string text, string again) =>
        Assert.Equal(again, MachineFiles.CpuRanges(MachineFiles.CpuList(text)));
}
