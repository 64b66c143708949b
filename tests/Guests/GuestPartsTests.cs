using System.Diagnostics;
using System.Formats.Tar;
using System.Globalization;
using System.Text;
using Lab.Application.Guests;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Guests;

/// <summary>What a guest is made of and what it leaves: the archive, the disks, the arguments, a kernel's complaints.</summary>
public sealed class GuestPartsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_archive_has_what_was_added_in_the_format_of_an_initramfs()
    {
        using MemoryStream stream = new();
        CpioArchive archive = new(stream);
        archive.Add("a/b/file", "12345");
        archive.AddLink("bin/sh", "busybox");
        archive.AddDirectory("a/b");
        Assert.Throws<ArgumentException>(() => archive.Add("a/b/file", "again"));
        archive.End();
        (string Name, int Mode, string Content)[] members = [.. Members(stream.ToArray())];
        Assert.Equal([("a", 0x41ed, ""), ("a/b", 0x41ed, ""), ("a/b/file", 0x81ed, "12345"), ("bin", 0x41ed, ""),
            ("bin/sh", 0xa1ff, "busybox"), ("TRAILER!!!", 0, "")], members);
    }

    private static IEnumerable<(string, int, string)> Members(byte[] archive)
    {
        for (int at = 0; at < archive.Length;)
        {
            Assert.Equal("070701", Encoding.ASCII.GetString(archive, at, 6));
            int Field(int index) => int.Parse(Encoding.ASCII.GetString(archive, at + 6 + 8 * index, 8), NumberStyles.HexNumber,
                CultureInfo.InvariantCulture);
            int content = (at + 110 + Field(11) + 3) / 4 * 4, end = (content + Field(6) + 3) / 4 * 4;
            yield return (Encoding.UTF8.GetString(archive, at + 110, Field(11) - 1), Field(1),
                Encoding.UTF8.GetString(archive, content, Field(6)));
            at = end;
        }
    }

    [Fact]
    public void Of_two_disks_the_one_written_last_counts_and_a_spoilt_one_does_not()
    {
        GuestDisk disk = new(_folder.Path);
        Assert.Null(disk.Text("control/codes"));
        Write(disk.Paths[0], "2", ("control/codes", "0\n"), ("work/results/runs/r/manifest.json", "{}"), ("work/../../x", "no"));
        Write(disk.Paths[1], "1", ("control/codes", "4\n"));
        Assert.Equal("0\n", disk.Text("control/codes"));
        List<string> seen = [];
        disk.Unpack(below =>
        {
            seen.Add(below);
            return null;
        });
        Assert.Equal(["results/runs/r/manifest.json"], seen);

        // Its tar was being written anew: the number is still the old one.
        Write(disk.Paths[1], "1", ("control/codes", "spoilt"));
        Assert.Equal("0\n", disk.Text("control/codes"));
        Write(disk.Paths[1], "3", ("control/codes", "5\n"));
        Assert.Equal("5\n", disk.Text("control/codes"));
        disk.Delete();
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }

    private static void Write(string path, string number, params (string Name, string Content)[] files)
    {
        using FileStream disk = new(path, FileMode.Open);
        disk.Write(Encoding.ASCII.GetBytes($"{number}\n"));
        disk.Position = 1 << 20;
        using TarWriter tar = new(disk, TarEntryFormat.Ustar, leaveOpen: true);
        foreach ((string name, string content) in files)
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
                { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) });
        }
    }

    [Theory]
    [InlineData(GuestProcessor.Emulated, "--mmu kvm", "--contexts 16", true)]
    [InlineData(GuestProcessor.Emulated, "run --mmu=kvm --memory 8MiB", "--contexts 16", true)]
    [InlineData(GuestProcessor.Emulated, "--mmu radix", "--contexts", false)]
    [InlineData(GuestProcessor.Emulated, "run --memory 8MiB", "--memory 16MiB", false)]
    [InlineData(GuestProcessor.Nested, "--mmu kvm", "--runs", false)]
    [InlineData(GuestProcessor.Nested, "--mmu kvm", "--figures off", true)]
    [InlineData(GuestProcessor.Emulated, "explore --strategy mainline", "--runs", false)]
    [InlineData(GuestProcessor.Emulated, "--version", "--runs", false)]
    public void A_run_is_made_small_where_the_processor_is_slow(
        GuestProcessor processor, string typed, string added, bool isAdded)
    {
        (IReadOnlyList<string> arguments, IReadOnlyList<string> more) = GuestArguments.For(typed.Split(' '), processor);
        Assert.StartsWith(typed, string.Join(' ', arguments), StringComparison.Ordinal);
        Assert.Equal(isAdded, string.Join(' ', more).Contains(added, StringComparison.Ordinal));
    }

    [Fact]
    public void A_kernels_complaints_are_found_with_their_text()
    {
        const string messages = """
            [    1.000000] Linux version 6.1
            [    2.000000] ------------[ cut here ]------------
            [    2.000001] WARNING: CPU: 1 PID: 77 at arch/x86/kvm/mmu/tdp_mmu.c:77 kvm_mmu_uninit_tdp_mmu+0x4e/0x80 [kvm]
            [    2.000002] Call Trace:
            [    2.000003]  kvm_mmu_uninit_vm+0x1f/0x30 [kvm]
            [    2.000004] ---[ end trace 0000000000000000 ]---
            [    3.000000] virtio_blk virtio0: [vda] 2097152 512-byte logical blocks
            [    4.000000] Kernel panic - not syncing: Fatal exception in interrupt
            """;
        IReadOnlyList<KernelComplaint> found = KernelComplaint.In(messages);
        Assert.Equal(2, found.Count);
        Assert.StartsWith("WARNING: CPU: 1 PID: 77 at arch/x86/kvm", found[0].Headline, StringComparison.Ordinal);
        Assert.Contains("kvm_mmu_uninit_vm", found[0].Text);
        Assert.DoesNotContain("virtio", found[0].Text);
        Assert.Equal("Kernel panic - not syncing: Fatal exception in interrupt", found[1].Headline);
        Assert.Empty(KernelComplaint.In("[    0.1] Spectre V2 : WARNINGS are off\n[    0.2] debug: a message"));
    }

    /// <summary>The init's own words, with files for disks and a <c>dd</c> that finds the host full when it is told to.</summary>
    [Fact]
    public void A_full_host_spoils_one_disk_however_often_the_guest_tries()
    {
        GuestDisk disk = new(_folder.Path);
        string script = GuestInit.Script(["kvm"], "/app/lab", [[]], new Dictionary<string, string>(), TimeSpan.FromSeconds(3));
        int begin = script.IndexOf("keep() {", StringComparison.Ordinal);
        int end = script.IndexOf("\n}", begin, StringComparison.Ordinal);
        string keep = script[begin..(end + 2)].Replace("/dev/vda", disk.Paths[0], StringComparison.Ordinal)
            .Replace("/dev/vdb", disk.Paths[1], StringComparison.Ordinal)
            .Replace("/out", $"{_folder.Path}/out", StringComparison.Ordinal)
            .Replace("/run/", $"{_folder.Path}/run/", StringComparison.Ordinal);
        string errors = Shell($$"""
            cd {{_folder.Path}}; mkdir -p run out/control out/work; echo 0 > run/number
            dmesg() { echo fine; }
            dd() {
                case "$*" in *seek=1*) if [ -e full ]; then
                    set -- "$2"; echo spoilt | command dd "$1" bs=1M seek=1 conv=notrunc 2> /dev/null; return 1
                fi;; esac
                command dd "$@" conv=notrunc
            }
            {{keep}}
            for text in 1 2 3; do echo $text > out/control/codes; keep; done
            : > full; for text in 4 5 6; do echo $text > out/control/codes; keep; done
            """);
        Assert.Equal(3, errors.Split(GuestInit.Unwritten).Length - 1);
        Assert.Equal("3\n", disk.Text(GuestInit.Codes));

        Shell($"cd {_folder.Path}; dmesg() {{ echo fine; }}; dd() {{ command dd \"$@\" conv=notrunc; }}\n{keep}\n"
            + "echo 7 > out/control/codes; keep; echo 8 > out/control/codes; keep");
        Assert.Equal("8\n", disk.Text(GuestInit.Codes));
    }

    /// <summary>What the script says on standard error.</summary>
    private static string Shell(string script)
    {
        using Process shell = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { RedirectStandardError = true })!;
        string errors = shell.StandardError.ReadToEnd();
        shell.WaitForExit();
        return errors;
    }

    [Fact]
    public void A_word_of_the_command_is_one_word_in_the_guest_whatever_is_in_it()
    {
        string script = GuestInit.Script(["kvm"], "/app/lab", [["--strategy", "it's $HOME", ""]],
            new Dictionary<string, string> { ["A"] = "b c" }, TimeSpan.FromSeconds(3));
        Assert.Contains(@"run '--strategy' 'it'\''s $HOME' ''", script);
        Assert.Contains("A='b c' /app/lab", script);
    }
}
