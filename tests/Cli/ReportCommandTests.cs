using System.Text.Json;
using Lab.Results.Comparisons;
using Lab.Tests.Plots;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary><c>lab report</c>: what it finds by which name, and what it writes.</summary>
public sealed class ReportCommandTests(ReportedSamples samples)
{
    private string Root => Path.GetDirectoryName(Path.GetDirectoryName(samples.Folder.Path)!)!;

    private string Runs => Path.GetDirectoryName(samples.Run.Folder)!;

    private LabExit Report(params string[] arguments) => LabHere.Run(["report", .. arguments, "--out", Runs]);

    [Fact]
    public void A_comparison_is_found_by_path_manifest_and_id_beside_the_runs_and_printed_as_it_was()
    {
        foreach (string name in (string[])[samples.Folder.Path, Path.Combine(samples.Folder.Path, ComparisonFolder.ManifestFile),
            samples.Folder.Manifest.Id])
        {
            string page = Path.Combine(samples.Folder.Path, "report.html");
            File.Delete(page);
            LabExit lab = Report(name, "--format", "csv");
            Assert.True(lab.Code == 0, lab.Error);
            Assert.Contains($"report: {page}", lab.ErrorLines);
            Assert.True(File.Exists(page));
            Assert.Contains("update,p50,ns,mainline,workqueue,", lab.Out);
        }
    }

    [Theory]
    [InlineData("csv", "metric,quantile,unit,")]
    [InlineData("json", "{")]
    [InlineData("md", "- ")]
    [InlineData("html", "<!DOCTYPE html>")]
    public void What_is_exported_is_what_the_ending_says_and_standard_output_stays_a_table(string ending, string beginning)
    {
        string file = Path.Combine(Root, $"exported.{ending}");
        LabExit lab = Report(samples.Folder.Manifest.Id, "--export", file);
        Assert.True(lab.Code == 0, lab.Error);
        Assert.StartsWith(beginning, File.ReadAllText(file));
        Assert.Contains($"export: {file}", lab.ErrorLines);
        Assert.Contains("verdict", lab.Out);
        if (ending == "json")
        {
            Assert.Equal(3, JsonDocument.Parse(File.ReadAllText(file)).RootElement.GetProperty("arms").GetArrayLength());
        }
    }

    [Theory]
    [InlineData("csv", "strategy,workload,mmu,run,metric")]
    [InlineData("json", "{")]
    [InlineData("md", "- ")]
    [InlineData("html", "<!DOCTYPE html>")]
    public void A_run_is_exported_alike(string ending, string beginning)
    {
        string file = Path.Combine(Root, $"run.{ending}");
        LabExit lab = Report("latest", "--export", file, "--format", "json");
        Assert.True(lab.Code == 0, lab.Error);
        Assert.StartsWith(beginning, File.ReadAllText(file));
    }

    [Fact]
    public void Figures_are_exported_as_pictures_light_or_dark_one_file_each()
    {
        string file = Path.Combine(Root, "shown.png");
        foreach (string[] dark in (string[][])[[], ["--dark"]])
        {
            LabExit lab = Report([samples.Folder.Manifest.Id, "--export", file, .. dark]);
            Assert.True(lab.Code == 0, lab.Error);
            string one = Path.Combine(Root, "shown.memslot-churn.radix.update.shift.png");
            Assert.Contains($"export: {one}", lab.ErrorLines);
            Assert.Equal(6, Directory.GetFiles(Root, "shown.*.png").Length);
            using SkiaSharp.SKBitmap picture = SkiaSharp.SKBitmap.Decode(one);
            Assert.Equal(dark.Length > 0, picture.GetPixel(1, 1).Red < 0x80);
        }
        Assert.Equal(2, Report("latest", "--export", "numbers.csv", "--dark").Code);
        Assert.Equal(2, Report("latest", "--dark").Code);
    }

    [Theory]
    [InlineData("numbers.xls")]
    [InlineData("numbers")]
    [InlineData("")]
    public void An_ending_that_says_nothing_is_refused_before_anything_is_written(string file)
    {
        LabExit lab = Report("latest", "--export", file);
        Assert.Equal(2, lab.Code);
        Assert.Contains(".csv, .json, .md, .html", lab.Error);
        Assert.Equal("", lab.Out);
    }

    [Fact]
    public void A_name_that_nothing_answers_to_is_refused_with_what_there_is()
    {
        LabExit lab = Report("2999");
        Assert.Equal(2, lab.Code);
        Assert.Contains("There is no run '2999'", lab.Error);
    }
}
