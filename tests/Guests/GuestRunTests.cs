using Lab.Tests.Cli;
using Xunit;

namespace Lab.Tests.Guests;

/// <summary>How a guest ends, whatever ends it, with a program in QEMU's stead: exit codes, sentences, what is kept.</summary>
public sealed class GuestRunTests : IDisposable
{
    /// <summary>What a guest leaves that ran one command to its end.</summary>
    private const string Left = """
        left=$(mktemp -d) in=work; mkdir -p $left/control $left/$in/results/runs/20261201T000000Z-abcdef $left/$in/results/traces
        echo 6.1.0-test > $left/control/kernel; echo "a table" > $left/control/output; echo "[ 1.0] fine" > $left/control/dmesg
        echo text > $left/$in/results/traces/t.txt
        keep() { tar -cf $left.tar -C $left control work; dd if=$left.tar of=$disk0 bs=1M seek=1 conv=notrunc 2> /dev/null
            printf '%s\n' $1 | dd of=$disk0 conv=notrunc 2> /dev/null; rm -r $left $left.tar; }

        """;

    private readonly FakeKernel _fake = new();

    public void Dispose() => _fake.Dispose();

    private string Out => Path.Combine(_fake.Folder, "out");

    private LabExit Guest(string qemu, params string[] options)
    {
        string kernel = _fake.Tree("kernel");
        return LabProcess.RunIn($"PATH={_fake.Programs(qemu)}:$PATH exec \"$@\"",
            ["guest", "--kernel", kernel, "--out", Out, "--processor", "emulated", .. options, "--", "list"]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void What_the_lab_in_the_guest_printed_wrote_and_ended_with_comes_back(int code)
    {
        LabExit lab = Guest($"{Left}echo {code} > $left/control/codes; echo progress; keep 1");
        Assert.Equal((code, "a table\n"), (lab.Code, lab.Out));
        Assert.Contains("progress", lab.ErrorLines);
        Assert.Equal("text\n", File.ReadAllText(Path.Combine(Out, "traces", "t.txt")));
        string guest = Assert.Single(Directory.EnumerateDirectories(Path.Combine(Out, "guests")));
        Assert.Equal(["dmesg.txt", "output.txt"], Directory.EnumerateFiles(guest).Select(Path.GetFileName).Order());
    }

    /// <summary>Of several commands: a busy machine leaves one without a sample, and another finds something.</summary>
    [Fact]
    public void A_finding_counts_more_than_what_went_unmeasured_before_it()
    {
        LabExit lab = Guest($"{Left}printf '5\\n4\\n0\\n' > $left/control/codes; keep 1", ["--", "list", "--", "list"]);
        Assert.Equal(4, lab.Code);
    }

    [Fact]
    public void A_kernel_that_warns_is_a_finding_though_the_lab_found_nothing()
    {
        LabExit lab = Guest($"{Left}echo 0 > $left/control/codes\n"
            + "echo '[ 2.0] WARNING: CPU: 0 PID: 1 at arch/x86/kvm/mmu/tdp_mmu.c:77 f+0x1/0x2' >> $left/control/dmesg; keep 1");
        Assert.Equal(4, lab.Code);
        Assert.Contains("WARNING: CPU: 0 PID: 1 at arch/x86/kvm/mmu/tdp_mmu.c:77", lab.Error);
    }

    [Fact]
    public void A_guest_that_panics_keeps_what_was_finished_and_tells_the_panic()
    {
        LabExit lab = Guest($"{Left}keep 1; echo '[ 9.0] Kernel panic - not syncing: Oops: int3' > $console");
        Assert.Equal(9, lab.Code);
        Assert.Matches("lab: Linux 6.1.0-test panicked .*Kernel panic - not syncing: Oops: int3", lab.ErrorLines[^1]);
        Assert.True(File.Exists(Path.Combine(Out, "traces", "t.txt")));
    }

    /// <summary>The guest was killed between the making of a run folder and its first manifest.</summary>
    [Fact]
    public void A_run_that_had_not_begun_is_neither_kept_nor_called_finished()
    {
        LabExit lab = Guest(
            $"{Left}run=$left/$in/results/runs/20261201T000000Z-abcdef; : > $run/.manifest.json.1.tmp; keep 1; kill -9 $$");
        Assert.Equal(9, lab.Code);
        Assert.EndsWith("nothing had been finished.", lab.ErrorLines[^1], StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(Out, "runs", "20261201T000000Z-abcdef")));
        Assert.True(File.Exists(Path.Combine(Out, "traces", "t.txt")));
    }

    [Fact]
    public void A_QEMU_that_is_killed_or_refuses_or_never_ends_is_one_sentence()
    {
        Assert.Contains("lab: QEMU ended: exit code 137", Guest("kill -9 $$").ErrorLines[^1]);
        LabExit refused = Guest("echo 'qemu: no such machine' >&2; exit 1");
        Assert.Equal(9, refused.Code);
        Assert.Contains("lab: QEMU ended: qemu: no such machine; nothing had been finished.", refused.ErrorLines[^1]);
        LabExit endless = Guest("read word; exit 0", "--limit", "10s");
        Assert.Equal(9, endless.Code);
        Assert.Contains("did not end within 10 s", endless.ErrorLines[^1]);
    }

    [Fact]
    public void A_kernel_that_comes_up_without_KVM_is_said_to()
    {
        LabExit lab = Guest($"{Left}echo > $left/control/no-kvm; keep 1");
        Assert.Equal(9, lab.Code);
        Assert.Contains("came up without /dev/kvm", lab.ErrorLines[^1]);
    }

    [Fact]
    public void A_disk_that_takes_no_more_is_told_with_the_exit_code_of_one()
    {
        LabExit lab = Guest($"{Left}echo 0 > $left/control/codes; keep 1\n"
            + "echo \"guest: what there is could not be written to the host's disk: dd: I/O error\"");
        Assert.Equal(2, lab.Code);
        Assert.Contains("did not take what the guest wrote: free space", lab.ErrorLines[^1]);
    }

    [Fact]
    public void What_cannot_be_in_a_guest_is_refused_and_leaves_nothing()
    {
        foreach ((string[] arguments, string why) in ((string[], string)[])[
            (["--", "--out", "x"], "--out of the command in the guest"), (["--", "guest"], "A guest in a guest"),
            (["--kernel", "absent", "--", "list"], "")])
        {
            LabExit lab = LabHere.Run(["guest", "--out", Out, .. arguments]);
            Assert.Equal(2, lab.Code);
            Assert.Contains(why, lab.Error);
            Assert.False(Directory.Exists(Out), lab.Error);
        }
    }
}
