using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Xunit;

namespace Lab.Tests.Plots;

/// <summary>Every report in a browser: on a phone and a desk, light, dark and on paper. To add a page, give
/// <see cref="ReportPages"/> its name and its text.</summary>
public sealed class ReportPageTests(ReportPages pages, Chromium chromium, ITestOutputHelper output)
    : IClassFixture<ReportPages>, IClassFixture<Chromium>
{
    public static TheoryData<string> Pages => [.. ReportPages.Names];

    public static TheoryData<string, int, int, ColorScheme> Views
    {
        get
        {
            TheoryData<string, int, int, ColorScheme> views = [];
            foreach (string page in ReportPages.Names)
            {
                foreach ((int width, int height) in ((int, int)[])[(360, 740), (1280, 900)])
                {
                    foreach (ColorScheme scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
                    {
                        views.Add(page, width, height, scheme);
                    }
                }
            }

            return views;
        }
    }

    [Theory]
    [MemberData(nameof(Views))]
    public async Task A_page_draws_its_figures_fits_the_window_can_be_read_and_asks_the_network_for_nothing(
        string name, int width, int height, ColorScheme scheme)
    {
        IPage page = await chromium.OpenAsync(width, height, scheme);
        List<string> complaints = [], requests = [];
        page.Console += (_, message) => complaints.Add(message.Text);
        page.PageError += (_, error) => complaints.Add(error);
        page.Request += (_, request) => requests.Add(request.Url);
        await GotoAsync(page, name);
        await page.EvaluateAsync(PageChecks.OpenDetails);

        await SaveAsync(page, $"report-{name}-{width}-{scheme.ToString().ToLowerInvariant()}.png");
        Assert.Empty(await page.EvaluateAsync<string[]>(PageChecks.BadFigures));
        Assert.Empty(await page.EvaluateAsync<string[]>(PageChecks.Overflowing));
        Assert.Empty(await page.EvaluateAsync<string[]>(PageChecks.FaintTexts));
        Assert.Empty(complaints);
        Assert.All(requests, url => Assert.StartsWith("file://", url));
        await page.Context.CloseAsync();
    }

    /// <summary>By axe-core's rules, best practices among them, with every fold open.</summary>
    [Theory]
    [MemberData(nameof(Views))]
    public async Task Who_cannot_see_or_point_can_use_a_page(string name, int width, int height, ColorScheme scheme)
    {
        IPage page = await chromium.OpenAsync(width, height, scheme);
        await GotoAsync(page, name);
        await page.EvaluateAsync(PageChecks.OpenDetails);
        AxeResult result = await page.RunAxe();
        Assert.Empty(result.Violations.SelectMany(rule =>
            rule.Nodes.Take(3).Select(node => $"{rule.Id}: {rule.Help}: {node.Html[..Math.Min(160, node.Html.Length)]}")));
        Assert.True(result.Passes.Length > 10);
        await page.Context.CloseAsync();
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_heading_sorts_its_table_by_number_with_mouse_and_keyboard(string name)
    {
        IPage page = await chromium.OpenAsync(1280, 900);
        await GotoAsync(page, name);
        ILocator table = page.Locator("table.sortable").First;
        const int column = 2; // of numbers, in every first table
        ILocator button = table.Locator("thead button").Nth(column);
        ILocator header = table.Locator("thead th").Nth(column);

        await button.ClickAsync();
        double[] rising = await ValuesAsync();
        Assert.Equal("ascending", await header.GetAttributeAsync("aria-sort"));
        await button.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        double[] falling = await ValuesAsync();

        Assert.Equal("descending", await header.GetAttributeAsync("aria-sort"));
        Assert.True(rising.Length > 3);
        Assert.Equal(rising.Order(), rising);
        Assert.Equal(rising.OrderDescending(), falling);
        Assert.Equal(1, await table.Locator("th[aria-sort]").CountAsync());
        await page.Context.CloseAsync();

        async Task<double[]> ValuesAsync() =>
            await table.EvaluateAsync<double[]>("(table, column) => [...table.tBodies[0].rows].map(row => "
                + "row.cells[column].dataset.value).filter(value => value !== '').map(Number)", column);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task On_paper_folds_stay_as_they_are_and_nothing_is_cut_closed_or_open(string name)
    {
        IPage page = await chromium.OpenAsync(700, 1000, ColorScheme.Dark);
        await GotoAsync(page, name);
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });

        string[] closed = await page.EvaluateAsync<string[]>(PageChecks.ClosedDetails);
        Assert.Empty(await page.EvaluateAsync<string[]>(PageChecks.CutOnPaper));
        Assert.Equal("rgb(255, 255, 255)", await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor"));
        byte[] pdf = await page.PdfAsync(new PagePdfOptions { Format = "A4", Path = Place($"report-{name}.pdf") });
        output.WriteLine(Place($"report-{name}.pdf"));
        Assert.True(pdf.Length > 20_000);
        Assert.Equal(closed, await page.EvaluateAsync<string[]>(PageChecks.ClosedDetails));
        await SaveAsync(page, $"report-{name}-print.png");
        await page.EvaluateAsync("document.querySelectorAll('details').forEach(one => one.open = true)");
        Assert.Empty(await page.EvaluateAsync<string[]>(PageChecks.CutOnPaper));
        await page.Context.CloseAsync();
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Without_script_tables_and_figures_are_there(string name)
    {
        IPage page = await chromium.OpenAsync(1280, 900, hasScript: false);
        await GotoAsync(page, name);
        Assert.True(await page.Locator("table.sortable").First.IsVisibleAsync());
        Assert.True(await page.Locator("svg").First.IsVisibleAsync());
        Assert.True(await page.Locator("p.verdict").IsVisibleAsync());
        await page.Context.CloseAsync();
    }

    private Task GotoAsync(IPage page, string name) => page.GotoAsync(pages.Address(name).AbsoluteUri);

    private async Task SaveAsync(IPage page, string name)
    {
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = Place(name), FullPage = true });
        output.WriteLine(Place(name));
    }

    private static string Place(string name) => Path.Combine(ReportPages.Folder, name);
}
