using Lab.Tests.Plots;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>What the library that draws does to the program around it, in processes of their own.</summary>
public sealed class DrawingLibraryTests(ReportedSamples samples) : IDisposable
{
    private readonly DirectoryInfo _program = Directory.CreateTempSubdirectory("lab-program");

    public void Dispose() => _program.Delete(recursive: true);

    [Fact]
    public void Figures_are_the_same_bytes_in_another_process_under_another_locale_without_fonts_and_nothing_is_said()
    {
        HashSet<string> Figures() =>
            [.. Directory.GetFiles(Path.Combine(samples.Run.Folder, "figures")).Select(File.ReadAllText)];
        LabExit plain = LabProcess.Run("report", samples.Run.Folder);
        HashSet<string> first = Figures();
        // Where mounts can be made, the folders of fonts are empty.
        LabExit other = LabProcess.RunIn("""
            if unshare -m true 2>/dev/null
            then exec unshare -m bash -c 'for fonts in /usr/share/fonts /usr/local/share/fonts; do
              if [ -d $fonts ]; then mount -t tmpfs none $fonts; fi; done; exec "$@"' bash "$@"
            else exec "$@"
            fi
            """, "report", samples.Run.Folder);
        Assert.Equal((0, 0), (plain.Code, other.Code));
        Assert.True(first.Count > 10);
        Assert.Equal(first, Figures());
        Assert.Equal(first, Lab.Plots.Figures.Of(samples.Run).Select(figure => figure.Plot.GetSvg()).ToHashSet());
        foreach (LabExit lab in (LabExit[])[plain, other])
        {
            Assert.Equal([$"report: {Path.Combine(samples.Run.Folder, "report.html")}"], lab.ErrorLines);
        }
    }

    [Fact]
    public void Where_the_library_cannot_be_loaded_tables_and_exit_code_stay_and_a_sentence_says_so()
    {
        LabExit whole = LabProcess.Run("report", samples.Run.Folder);
        string lab = CopyWith("libSkiaSharp.so");
        string png = Path.Combine(_program.FullName, "none.png");
        LabExit without = LabProcess.RunIn($"exec dotnet '{lab}' \"${{@:3}}\"", "report", samples.Run.Folder, "--export", png);
        // Hints name the program that was started.
        Assert.Equal((0, whole.Out.Replace(LabProcess.Program, lab, StringComparison.Ordinal)), (without.Code, without.Out));
        Assert.Equal([$"report: {Path.Combine(samples.Run.Folder, "report.html")}",
            "lab: figures are not drawn, because the library libSkiaSharp cannot be loaded: "], without.ErrorLines.Select(line =>
            line[..(line.IndexOf("loaded: ", StringComparison.Ordinal) is var end and >= 0 ? end + 8 : line.Length)]));
        string page = File.ReadAllText(Path.Combine(samples.Run.Folder, "report.html"));
        Assert.Contains("figures are not drawn", page);
        Assert.Contains("</table>", page);
        Assert.Empty(Directory.GetFiles(_program.FullName, "*.png"));
        Assert.Equal(0, LabProcess.Run("report", samples.Run.Folder).Code);
    }

    [Fact]
    public void A_run_that_draws_nothing_does_not_load_it()
    {
        string lab = CopyWith("ScottPlot.dll", "SkiaSharp.dll", "libSkiaSharp.so");
        LabExit run = LabProcess.RunIn($"exec dotnet '{lab}' \"${{@:3}}\"", "--strategy", "mainline", "--runs", "1", "--duration",
            "200ms", "--warmup", "50ms", "--memory", "16MiB", "--figures", "off", "--out", Path.Combine(_program.FullName, "runs"));
        Assert.True(run.Code is 0 or 5, run.Error);
        Assert.Contains("run folder: ", run.Error);
    }

    /// <summary>The program with some of its files spoilt.</summary>
    private string CopyWith(params string[] spoilt)
    {
        string from = Path.GetDirectoryName(LabProcess.Program)!;
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string to = Path.Combine(_program.FullName, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            if (spoilt.Contains(Path.GetFileName(file))) File.WriteAllText(to, "spoilt");
            else File.Copy(file, to); // A link would lead the program back to its own folder.
        }
        return Path.Combine(_program.FullName, Path.GetFileName(LabProcess.Program));
    }
}
